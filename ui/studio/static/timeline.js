// Keyframes over the waveform: double click adds, dragging moves, Delete deletes, times can be typed; the sound is the clock.

import { clamp, describe, sample, strengthsOf } from "./emotion.js";
import { clock, draw, icon, make } from "./dom.js";
import { storeOf } from "./store.js";

const HEIGHT = 150;
const CURVES = [8, 78]; // the band of the emotions' curves, and below it the waveform
const WAVE = [84, 128];
const MOST_ZOOM = 32;
const EASES = ["linear", "smooth", "step", "pchip"];

export function mount(element, props, trigger, watch) {
  const { facts, texts } = props;
  const store = storeOf(props.store, facts);
  const root = element.querySelector(".es-timeline");
  let zoom = 1;

  const audio = make("audio", { preload: "auto" });
  const picture = draw("svg", { "aria-hidden": "true", height: HEIGHT, preserveAspectRatio: "none" });
  const playhead = make("div", { class: "es-playhead" });
  const lane = make("div", { class: "es-keys" });
  const sheet = make("div", { class: "es-sheet" }, picture, playhead, lane);
  const scroll = make("div", { class: "es-scroll", tabindex: 0, role: "group", "aria-label": texts.timeline }, sheet);
  const empty = make("p", { class: "es-empty" }, texts.no_sound);

  const button = (name, act) => make("button", {
    type: "button", class: `es-${name}`, "aria-label": texts[name], title: texts[name], click: act,
  }, icon(name));
  const play = button("play", () => (audio.paused ? audio.play() : audio.pause()));
  const time = make("output", { class: "es-time" });
  const typed = make("input", {
    type: "number", min: 0, step: 0.01, "aria-label": texts.time,
    change: () => {
      if (store.selected === null) store.seek(Number(typed.value));
      else {
        store.move(store.selected, Number(typed.value));
        store.settle();
      }
    },
  });
  const ease = make("select", { "aria-label": texts.ease, change: () => store.setEase(ease.value) },
    ...EASES.map((name) => make("option", { value: name }, name)));
  const snap = make("input", { type: "checkbox", checked: true, change: () => (store.snap = snap.checked) });
  const snapping = make("label", { class: "es-check", hidden: true }, snap, texts.snap);
  const add = button("add", () => store.add(store.playhead_s));
  const remove = button("remove", () => store.remove(store.selected));
  const undo = button("undo", () => store.undo());
  const redo = button("redo", () => store.redo());
  const bar = make("div", { class: "es-bar", role: "toolbar", "aria-label": texts.tools },
    play, time,
    make("span", { class: "es-gap" }),
    add, remove,
    make("label", {}, texts.at, typed), make("label", {}, texts.then, ease),
    snapping,
    make("span", { class: "es-gap" }),
    make("span", { class: "es-together" },
      undo, redo, button("zoom_out", () => setZoom(zoom / 2)), button("zoom_in", () => setZoom(zoom * 2))));
  root.append(bar, scroll, empty, audio);

  const width = () => sheet.clientWidth || 1;
  const toX = (time_s) => (time_s / store.duration_s) * width();
  const toTime = (event) => ((event.clientX - sheet.getBoundingClientRect().left) / width()) * store.duration_s;

  function setZoom(next) {
    const middle = (scroll.scrollLeft + scroll.clientWidth / 2) / width();
    zoom = clamp(next, 1, MOST_ZOOM);
    sheet.style.width = `${zoom * 100}%`;
    scroll.scrollLeft = middle * width() - scroll.clientWidth / 2;
    redraw();
  }

  sheet.addEventListener("pointerdown", (event) => {
    if (event.target.closest(".es-key")) return;
    sheet.setPointerCapture(event.pointerId);
    seek(toTime(event));
  });
  sheet.addEventListener("pointermove", (event) => sheet.hasPointerCapture(event.pointerId) && seek(toTime(event)));
  sheet.addEventListener("dblclick", (event) => !event.target.closest(".es-key") && store.add(toTime(event)));
  scroll.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    setZoom(event.deltaY < 0 ? zoom * 1.25 : zoom / 1.25);
  }, { passive: false });
  scroll.addEventListener("keydown", (event) => {
    if (event.target !== scroll) return;
    const step = event.shiftKey ? 0.01 : 0.1;
    if (event.key === "ArrowRight") seek(store.playhead_s + step);
    else if (event.key === "ArrowLeft") seek(store.playhead_s - step);
    else if (event.key === "Enter") store.add(store.playhead_s);
    else if (event.key === " ") play.click();
    else return;
    event.preventDefault();
  });
  root.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    if (event.shiftKey) store.redo();
    else store.undo();
  });

  function seek(time_s) {
    store.seek(time_s);
    if (store.sound) audio.currentTime = store.playhead_s;
  }

  function key(index) {
    const handle = make("button", {
      type: "button", class: "es-key", role: "slider", "aria-label": `${texts.keyframe} ${index + 1}`,
      "aria-valuemin": 0, "data-index": index,
    });
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      store.select(index);
      event.stopPropagation();
    });
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId) && event.buttons) store.move(index, toTime(event));
    });
    handle.addEventListener("pointerup", () => store.held && store.settle());
    handle.addEventListener("focus", () => store.selected !== index && store.select(index));
    handle.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 0.01 : 0.05;
      if (event.key === "Delete" || event.key === "Backspace") {
        store.remove(index);
        lane.children[Math.max(0, index - 1)]?.focus();
      } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
        const { snap: snaps } = store;
        store.snap = false; // by keyboard it goes where it is sent
        store.move(index, store.keyframes[index].t_s + (event.key === "ArrowRight" ? step : -step));
        store.snap = snaps;
        store.settle();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return handle;
  }

  function redraw() {
    while (lane.children.length > store.keyframes.length) lane.lastChild.remove();
    while (lane.children.length < store.keyframes.length) lane.append(key(lane.children.length));
    const span_s = store.duration_s;
    store.keyframes.forEach((keyframe, index) => {
      const handle = lane.children[index];
      const strengths = strengthsOf(keyframe, facts);
      const strongest = strengths.indexOf(Math.max(...strengths));
      handle.style.left = `${(keyframe.t_s / span_s) * 100}%`;
      handle.style.setProperty("--emotion", `var(--es-${facts.categories[strengths[strongest] > 0 ? strongest : 0]})`);
      handle.classList.toggle("es-selected", index === store.selected);
      handle.setAttribute("aria-valuemax", span_s.toFixed(2));
      handle.setAttribute("aria-valuenow", keyframe.t_s.toFixed(2));
      handle.setAttribute("aria-valuetext", `${keyframe.t_s.toFixed(2)} s: ${describe(keyframe, facts)}`);
    });
    draw_track();
    controls();
  }

  function draw_track() {
    const across = Math.max(1, Math.round(width()));
    const span_s = store.duration_s;
    const count = Math.min(240, across);
    const rows = Array.from({ length: count + 1 }, (_, k) => sample(store.keyframes, (k / count) * span_s, facts).strengths);
    const [top, bottom] = CURVES;
    const areas = facts.categories.flatMap((name, column) => {
      if (!rows.some((row) => row[column] > 0.01)) return [];
      const line = rows.map((row, k) => `${(k / count) * across},${bottom - row[column] * (bottom - top)}`).join("L");
      return [
        draw("path", { d: `M0,${bottom}L${line}L${across},${bottom}Z`, class: "es-area", style: `--emotion: var(--es-${name})` }),
        draw("path", { d: `M${line}`, class: "es-curve", style: `--emotion: var(--es-${name})` }),
      ];
    });
    picture.setAttribute("viewBox", `0 0 ${across} ${HEIGHT}`);
    picture.setAttribute("width", across);
    picture.replaceChildren(...areas, ...wave(across), ...words(across, span_s), ...ruler(across, span_s));
  }

  function wave(across) {
    const peaks = store.sound?.peaks ?? [];
    if (!peaks.length) return [];
    const middle = (WAVE[0] + WAVE[1]) / 2;
    const reach = (WAVE[1] - WAVE[0]) / 2;
    const upper = peaks.map((peak, k) => `${((k + 0.5) / peaks.length) * across},${middle - Math.max(0.02, peak) * reach}`);
    const lower = peaks.map((peak, k) => `${((k + 0.5) / peaks.length) * across},${middle + Math.max(0.02, peak) * reach}`);
    return [draw("path", { d: `M${upper.join("L")}L${lower.reverse().join("L")}Z`, class: "es-wave" })];
  }

  function words(across, span_s) {
    return (store.sound?.words ?? []).flatMap(({ text, start_s, end_s }) => {
      const room = ((end_s - start_s) / span_s) * across;
      const edge = draw("path", { d: `M${(start_s / span_s) * across},${WAVE[0]}V${WAVE[1]}`, class: "es-edge" });
      if (room < text.length * 5.5) return [edge];
      const label = draw("text", { x: ((start_s + end_s) / 2 / span_s) * across, y: WAVE[1] - 2, class: "es-word" });
      label.textContent = text;
      return [edge, label];
    });
  }

  function ruler(across, span_s) {
    const step_s = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300].find((step) => (step / span_s) * across > 60) ?? 600;
    return Array.from({ length: Math.floor(span_s / step_s) + 1 }, (_, k) => {
      const label = draw("text", { x: clamp(toX(k * step_s), 10, across - 14), y: HEIGHT - 6, class: "es-tick" });
      label.textContent = `${Number((k * step_s).toFixed(2))} s`;
      return label;
    });
  }

  function controls() {
    const keyframe = store.selected === null ? null : store.keyframes[store.selected];
    remove.disabled = keyframe === null || store.keyframes.length < 2;
    undo.disabled = !store.past.length;
    redo.disabled = !store.future.length;
    play.disabled = !store.sound;
    ease.disabled = keyframe === null;
    if (keyframe && document.activeElement !== ease) ease.value = keyframe.ease ?? "linear";
    if (document.activeElement !== typed) typed.value = (keyframe?.t_s ?? store.playhead_s).toFixed(2);
    empty.hidden = Boolean(store.sound);
    snapping.hidden = !store.sound?.words?.length;
    show_playhead();
  }

  function show_playhead() {
    playhead.style.left = `${(store.playhead_s / store.duration_s) * 100}%`;
    time.textContent = `${clock(store.playhead_s)} / ${clock(store.duration_s)}`;
  }

  function wear(name) {
    play.replaceChildren(icon(name));
    play.setAttribute("aria-label", texts[name]);
    play.title = texts[name];
  }

  function run() {
    if (audio.paused) return;
    store.seek(audio.currentTime);
    const x = toX(store.playhead_s);
    if (x < scroll.scrollLeft || x > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = x - 40;
    requestAnimationFrame(run);
  }
  audio.addEventListener("play", () => {
    wear("pause");
    store.say("play");
    run();
  });
  audio.addEventListener("pause", () => {
    wear("play");
    store.seek(audio.currentTime);
  });

  store.addEventListener("track", redraw);
  store.addEventListener("playhead", show_playhead);
  store.addEventListener("sound", () => {
    audio.pause();
    if (store.sound) audio.src = store.sound.src;
    else audio.removeAttribute("src");
  });
  store.addEventListener("settled", () => {
    props.value = { keyframes: store.keyframes };
    trigger("input");
  });
  watch("value", () => store.load(props.value?.keyframes));
  new ResizeObserver(redraw).observe(scroll);
  store.load(props.value?.keyframes);
  redraw();
}
