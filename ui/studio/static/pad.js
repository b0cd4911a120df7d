// The emotion under the hand: a valence-arousal pad, dials, a mix of up to three, and presets.

import { clamp, describe, fromStrengths, fromVad, placeOf, strengthsOf, withIntensity } from "./emotion.js";
import { draw, make } from "./dom.js";
import { storeOf } from "./store.js";

// Labels of neighbours on the pad that would lie on each other, or over the edge.
const BESIDE = { fear: "end", anger: "start", happiness: "end" };
const STEP = 0.05;
const FINE = 0.01;

export function mount(element, props) {
  const { facts, texts, blends } = props;
  const store = storeOf(props.store, facts);
  const root = element.querySelector(".es-emotion");

  const handle = draw("circle", { r: 9, class: "es-handle" });
  const ring = draw("circle", { r: 15, class: "es-handle-ring" });
  const pad = make("div", {
    class: "es-pad", role: "slider", tabindex: 0, "aria-label": texts.pad, "aria-roledescription": texts.pad_role,
    "aria-valuemin": -1, "aria-valuemax": 1, "aria-valuenow": 0, "aria-valuetext": "neutral",
  }, picture(facts, texts, handle, ring));

  const move = (valence, arousal) => store.edit((state) => {
    const dominance = placeOf(state, facts)[2];
    return fromVad([clamp(valence, -1, 1), clamp(arousal, -1, 1), dominance], facts);
  });
  const follow = (event) => {
    const box = pad.getBoundingClientRect();
    move(((event.clientX - box.left) / box.width) * 2 - 1, 1 - ((event.clientY - box.top) / box.height) * 2);
  };
  // Listeners sit on the pad itself; pointer events cover mouse, pen and touch.
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    pad.focus();
    follow(event);
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => pad.hasPointerCapture(event.pointerId) && follow(event));
  pad.addEventListener("pointerup", () => store.settle());
  pad.addEventListener("pointercancel", () => store.settle());
  pad.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? FINE : STEP;
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way && event.key !== "Home") return;
    event.preventDefault();
    const [valence, arousal] = placeOf(store.state, facts);
    if (event.key === "Home") store.edit(() => ({ weights: { neutral: 1 }, intensity: 0 }));
    else move(valence + way[0] * step, arousal + way[1] * step);
    store.settle();
  });

  const intensity = dial(texts.intensity, 0, 1, (value) => store.edit((state) => withIntensity(state, value)), store);
  const dominance = dial(texts.dominance, -1, 1, (value) => store.edit((state) => {
    const [valence, arousal] = placeOf(state, facts);
    // Words keep their shares: dominance only moves their place, as in "anger:0.8+vad:...".
    return { ...state, vad: [valence, arousal, value] };
  }), store);

  const rows = [0, 1, 2].map((number) => mixRow(number, facts, texts, () => {
    const strengths = {};
    for (const { select, range } of rows) {
      if (select.value) strengths[select.value] = (strengths[select.value] ?? 0) + Number(range.value);
    }
    store.edit(() => fromStrengths(Object.keys(strengths).length ? strengths : { neutral: 0 }, facts));
  }, store));

  const says = make("p", { class: "es-says", "aria-live": "polite" });
  const chip = (name, strengths) => make("button", {
    type: "button", class: "es-chip", style: `--emotion: var(--es-${Object.keys(strengths)[0]})`,
    click: () => {
      store.edit(() => fromStrengths(strengths, facts));
      store.settle();
    },
  }, name);
  root.append(
    make("div", { class: "es-chips", role: "group", "aria-label": texts.presets },
      ...facts.categories.map((name) => chip(name, name === "neutral" ? { neutral: 0 } : { [name]: 0.8 })),
      ...Object.entries(blends).map(([name, strengths]) => chip(name, strengths))),
    make("div", { class: "es-pad-row" }, pad,
      make("div", { class: "es-dials" }, says, intensity.row, dominance.row)),
    make("fieldset", { class: "es-mix" }, make("legend", {}, texts.mix), ...rows.map((row) => row.row)),
  );

  const show = () => {
    const { state } = store;
    const [valence, arousal, high] = placeOf(state, facts);
    for (const circle of [handle, ring]) {
      circle.setAttribute("cx", 100 + valence * 100);
      circle.setAttribute("cy", 100 - arousal * 100);
    }
    const strengths = strengthsOf(state, facts);
    const strongest = strengths.indexOf(Math.max(...strengths));
    pad.style.setProperty("--emotion", `var(--es-${facts.categories[strengths[strongest] > 0 ? strongest : 0]})`);
    const words = describe(state, facts);
    pad.setAttribute("aria-valuenow", valence.toFixed(2));
    pad.setAttribute("aria-valuetext", `${texts.valence} ${valence.toFixed(2)}, ${texts.arousal} ${arousal.toFixed(2)}: ${words}`);
    says.textContent = words;
    intensity.show(state.intensity);
    dominance.show(high);
    if (!rows.some(({ select, range }) => select === document.activeElement || range === document.activeElement)) {
      // An emotion that was chosen stays, also while it has no strength yet.
      const parts = Object.entries(state.weights).filter(([name]) => name !== "neutral")
        .map(([name, share]) => [share * state.intensity, name])
        .sort((one, other) => other[0] - one[0]).slice(0, 3);
      rows.forEach((row, k) => row.show(parts[k]?.[1] ?? "", parts[k]?.[0] ?? 0));
    }
  };
  store.addEventListener("track", show);
  store.addEventListener("playhead", show);
  show();
}

function picture(facts, texts, handle, ring) {
  const labels = facts.categories.map((name, k) => {
    const [valence, arousal] = facts.means[k];
    const [x, y] = [100 + valence * 100, 100 - arousal * 100];
    return draw("g", { style: `--emotion: var(--es-${name})` },
      draw("circle", { cx: x, cy: y, r: 3, class: "es-dot" }),
      Object.assign(draw("text", {
        x: x + ({ end: 3, start: -3 }[BESIDE[name]] ?? 0), y: y - 6, class: "es-dot-label", style: `text-anchor: ${BESIDE[name] ?? "middle"}`,
      }), { textContent: name }));
  });
  const axis = (attributes, text) => Object.assign(draw("text", { class: "es-axis", ...attributes }), { textContent: text });
  return draw("svg", { viewBox: "0 0 200 200", "aria-hidden": "true" },
    draw("path", { d: "M100 0V200M0 100H200", class: "es-cross" }),
    axis({ x: 196, y: 111, "text-anchor": "end" }, texts.pleasant),
    axis({ x: 4, y: 111 }, texts.unpleasant),
    axis({ x: 100, y: 10, "text-anchor": "middle" }, texts.excited),
    axis({ x: 100, y: 196, "text-anchor": "middle" }, texts.quiet),
    ...labels, ring, handle);
}

function dial(label, low, high, change, store) {
  const range = make("input", {
    type: "range", min: low, max: high, step: 0.01, "aria-label": label,
    input: () => change(Number(range.value)), change: () => store.settle(),
  });
  const output = make("output", {});
  const show = (value) => {
    if (document.activeElement !== range || Math.abs(Number(range.value) - value) > 0.006) range.value = value;
    output.textContent = value.toFixed(2);
  };
  return { row: make("label", { class: "es-dial" }, make("span", {}, label), range, output), show };
}

function mixRow(number, facts, texts, change, store) {
  const settled = () => {
    change();
    store.settle();
  };
  const select = make("select", { "aria-label": `${texts.part} ${number + 1}`, change: settled },
    make("option", { value: "" }, "–"),
    ...facts.categories.slice(1).map((name) => make("option", { value: name }, name)));
  const range = make("input", {
    type: "range", min: 0, max: 1, step: 0.01, value: 0, "aria-label": `${texts.strength} ${number + 1}`,
    input: change, change: () => store.settle(),
  });
  const output = make("output", {}, "0.00");
  range.addEventListener("input", () => (output.textContent = Number(range.value).toFixed(2)));
  const show = (name, strength) => {
    select.value = name;
    range.value = strength;
    output.textContent = strength.toFixed(2);
  };
  return { row: make("div", { class: "es-mix-row" }, select, range, output), select, range, show };
}
