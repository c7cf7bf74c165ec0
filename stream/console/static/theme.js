// The theme that was chosen, before anything is painted; without a choice, that of the system.
(() => {
  const order = ["system", "light", "dark"];
  const stored = () => {
    try { return localStorage.getItem("gauger-theme"); } catch { return null; }
  };
  const apply = (theme) => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const button = document.getElementById("theme");
    if (button) button.textContent = `Theme: ${theme}`;
    document.dispatchEvent(new Event("theme"));
  };
  let theme = order.includes(stored()) ? stored() : "system";
  apply(theme);
  document.addEventListener("DOMContentLoaded", () => {
    apply(theme);
    document.getElementById("theme").addEventListener("click", () => {
      theme = order[(order.indexOf(theme) + 1) % order.length];
      try { localStorage.setItem("gauger-theme", theme); } catch { /* kept for this page alone */ }
      apply(theme);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(theme));
  });
})();
