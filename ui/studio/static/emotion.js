// What states and tracks mean: the same rules as conditioning/state.py, vad.py and easing.py, for a preview that does not
// wait for the server. tests/ui holds both to the same numbers.

const TRACE = 0.01;

/** Strengths per category (neutral 0) that a VAD point stands for: the soft decoder. */
export function decode(vad, { means, spreads }) {
  const scores = means.map((mean, row) =>
    row === 0 ? -Infinity : mean.reduce((sum, m, k) => sum - 0.5 * ((vad[k] - m) / spreads[row][k]) ** 2 - Math.log(spreads[row][k]), 0));
  const best = Math.max(...scores);
  const odds = scores.map((score) => Math.exp(score - best));
  const total = sum(odds);
  const shares = odds.map((odd) => Math.max(odd / total - TRACE, 0));
  const kept = sum(shares);
  const reach = sum(shares.map((share, row) => (share / kept) * length(means[row])));
  const scale = Math.min(1, length(vad) / reach) / kept;
  return shares.map((share) => share * scale);
}

export function fromVad(vad, facts) {
  return { ...fromStrengths(decode(vad, facts), facts), vad: vad.map(tidy) };
}

/** Strengths (by category, or as an object) to a state; those that sum to more than 1 are scaled down. */
export function fromStrengths(strengths, facts) {
  const named = Array.isArray(strengths)
    ? Object.fromEntries(facts.categories.map((name, k) => [name, strengths[k]]).filter(([, value]) => value > 0))
    : strengths;
  const total = sum(Object.values(named));
  if (total > 0) {
    const weights = Object.fromEntries(Object.entries(named).map(([name, value]) => [name, value / total]));
    return { weights, intensity: Math.min(1, total) };
  }
  const names = Object.keys(named);
  return { weights: names.length ? Object.fromEntries(names.map((name) => [name, 1 / names.length])) : { neutral: 1 }, intensity: 0 };
}

/** Weight times intensity per category. */
export function strengthsOf(state, facts) {
  return facts.categories.map((name, k) => (k === 0 ? 0 : (state.weights[name] ?? 0) * state.intensity));
}

/** Valence, arousal, dominance: as given, or those that follow. */
export function placeOf(state, facts) {
  if (state.vad) return state.vad;
  const strengths = strengthsOf(state, facts);
  return [0, 1, 2].map((axis) => sum(strengths.map((value, row) => value * facts.means[row][axis])));
}

export function withIntensity(state, intensity) {
  const next = { ...state, intensity };
  if (state.vad) {
    if (state.intensity > 0) next.vad = state.vad.map((axis) => clamp((axis * intensity) / state.intensity, -1, 1));
    else delete next.vad; // the way out of the origin is that of the words
  }
  return next;
}

/** The strongest emotion in words, such as "anger 0.80 + fear 0.10". */
export function describe(state, facts) {
  const parts = strengthsOf(state, facts)
    .map((value, k) => [value, facts.categories[k]])
    .filter(([value]) => value >= 0.03)
    .sort((one, other) => other[0] - one[0])
    .slice(0, 3);
  return parts.map(([value, name]) => `${name} ${value.toFixed(2)}`).join(" + ") || "neutral";
}

/** Strengths and VAD of a track at a time. */
export function sample(keyframes, time_s, facts) {
  const rows = keyframes.map((keyframe) => [...strengthsOf(keyframe, facts), ...placeOf(keyframe, facts)]);
  const times = keyframes.map((keyframe) => keyframe.t_s);
  const row = interpolate(times, rows, keyframes.map((keyframe) => keyframe.ease ?? "linear"), time_s);
  const count = facts.categories.length;
  const strengths = row.slice(0, count);
  const excess = Math.max(1, sum(strengths));
  return { strengths: strengths.map((value) => value / excess), vad: row.slice(count) };
}

/** The state of a track at a time, to become a keyframe there. */
export function stateAt(keyframes, time_s, facts) {
  const { strengths, vad } = sample(keyframes, time_s, facts);
  const state = fromStrengths(strengths, facts);
  return keyframes.some((keyframe) => keyframe.vad) ? { ...state, vad: vad.map(tidy) } : state;
}

function interpolate(times, rows, eases, time_s) {
  if (times.length === 1 || time_s <= times[0]) return rows[0];
  const last = times.length - 1;
  if (time_s >= times[last]) return rows[last];
  let start = 0;
  while (times[start + 1] <= time_s) start += 1;
  const u = (time_s - times[start]) / (times[start + 1] - times[start]);
  const [left, right] = [rows[start], rows[start + 1]];
  const ease = eases[start];
  if (ease === "pchip") return hermite(times, rows, start, u);
  const share = ease === "step" ? 0 : ease === "smooth" ? u * u * (3 - 2 * u) : u;
  return left.map((value, k) => value + share * (right[k] - value));
}

function hermite(times, rows, start, u) {
  const width = times[start + 1] - times[start];
  return rows[start].map((left, k) => {
    const right = rows[start + 1][k];
    const slopes = pchipSlopes(times, rows.map((row) => row[k]));
    const value = (1 + 2 * u) * (1 - u) ** 2 * left + u * (1 - u) ** 2 * width * slopes[start]
      + u * u * (3 - 2 * u) * right - u * u * (1 - u) * width * slopes[start + 1];
    return clamp(value, Math.min(left, right), Math.max(left, right));
  });
}

function pchipSlopes(times, values) {
  const widths = times.slice(1).map((time, k) => time - times[k]);
  const secants = widths.map((width, k) => (values[k + 1] - values[k]) / width);
  if (times.length === 2) return [secants[0], secants[0]];
  const slopes = new Array(times.length).fill(0);
  for (let k = 1; k < times.length - 1; k += 1) {
    const [before, after] = [secants[k - 1], secants[k]];
    if (before * after > 0) {
      const [w1, w2] = [2 * widths[k] + widths[k - 1], widths[k] + 2 * widths[k - 1]];
      slopes[k] = (w1 + w2) / (w1 / before + w2 / after);
    }
  }
  const end = (width, next, secant, further) => {
    let slope = ((2 * width + next) * secant - width * further) / (width + next);
    if (Math.sign(slope) !== Math.sign(secant)) slope = 0;
    return Math.sign(secant) !== Math.sign(further) && Math.abs(slope) > 3 * Math.abs(secant) ? 3 * secant : slope;
  };
  slopes[0] = end(widths[0], widths[1], secants[0], secants[1]);
  slopes[slopes.length - 1] = end(widths.at(-1), widths.at(-2), secants.at(-1), secants.at(-2));
  return slopes;
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
export const sum = (values) => values.reduce((total, value) => total + value, 0);
const length = (vector) => Math.hypot(...vector);
const tidy = (value) => Math.round(clamp(value, -1, 1) * 1e4) / 1e4;
