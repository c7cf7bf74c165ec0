// The server's views and what one may ask it to do.

export class Failure extends Error {
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

export const session = { name: "", role: "", proof: "", decides: false, writes: false, by_token: false };

async function asked(path, options) {
  const response = await fetch(path, { credentials: "same-origin", ...options });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    if (response.status === 401) document.dispatchEvent(new Event("signed-out"));
    throw new Failure(response.status, body.error || response.statusText);
  }
  return body;
}

export const view = (name, query = {}) => {
  const text = new URLSearchParams(query).toString();
  return asked(`/api/${name}${text ? `?${text}` : ""}`);
};

const post = (path, body) =>
  asked(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Gauger-Proof": session.proof },
    body: JSON.stringify(body),
  });

export const signIn = (token) => post("/api/sign-in", { token });
export const signOut = () => post("/api/sign-out", {});
export const decide = (id, decision) => post(`/api/decide?${new URLSearchParams({ id })}`, decision);
export const exportLink = (id) => `/api/export?${new URLSearchParams({ id })}`;

export async function refreshSession() {
  Object.assign(session, await view("session"));
  return session;
}
