// Numbers and times as people read them. All times are UTC.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value) => (value === null || value === undefined ? "–" : whole.format(value));
export const compact = (value) => (Math.abs(value) < 10_000 ? whole.format(value) : short.format(value));
export const many = (value, word) => `${count(value)} ${word}${value === 1 ? "" : "s"}`;

export function figure(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size >= 10_000) return short.format(value);
  if (size >= 100 || Number.isInteger(value)) return whole.format(value);
  return value.toPrecision(size < 0.001 ? 2 : 3).replace(/\.?0+$/, "");
}

export function percent(share) {
  if (share === null || share === undefined) return "–";
  const value = share * 100;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  if (value < 100 && value > 99.9) return "> 99.9 %";
  return `${value.toFixed(value < 10 && value !== 0 ? 1 : 0)} %`;
}

const two = (number) => String(number).padStart(2, "0");

export function moment(seconds) {
  const date = new Date(seconds * 1000);
  const day = `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

export const seconds = (text) => Date.parse(text) / 1000;
export const time = (text) => (text ? moment(seconds(text)) : "–");

export function axis(at, step) {
  const date = new Date(at * 1000);
  const day = `${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  return step >= 43_200 ? day : `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

export function span(length) {
  if (length < 3_600) return `${Math.max(1, Math.round(length / 60))} min`;
  if (length < 172_800) return `${figure(Math.round(length / 360) / 10)} h`;
  return `${figure(Math.round(length / 8_640) / 10)} days`;
}

const UNITS = {
  share: percent, seconds: span,
  days: (value) => span(value * 86_400),
  times: (value) => `× ${figure(value)}`,
};
export const inUnit = (unit, value) => (value === null ? "–" : (UNITS[unit] || figure)(value));
