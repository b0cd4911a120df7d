// The emotion track that pad, dials, timeline and head share, with its history. Who changes it says so once; everybody
// else hears of it: "track" while something moves, "settled" when it has come to rest, "sound", "playhead", "face".

import { clamp, sample, stateAt } from "./emotion.js";

const DEEPEST = 200;
const SAME_MOMENT_S = 0.02;

export class Store extends EventTarget {
  constructor(facts) {
    super();
    this.facts = facts;
    this.keyframes = [{ t_s: 0, weights: { neutral: 1 }, intensity: 0, ease: "linear" }];
    this.selected = 0;
    this.playhead_s = 0;
    this.sound = null;
    this.snap = true;
    this.past = [];
    this.future = [];
  }

  get duration_s() {
    return this.sound?.duration_s ?? Math.max(5, ...this.keyframes.map((keyframe) => keyframe.t_s));
  }

  /** The state under the pad: the selected keyframe's, or what the track is at the playhead. */
  get state() {
    return this.selected === null ? stateAt(this.keyframes, this.playhead_s, this.facts) : this.keyframes[this.selected];
  }

  /** What the face shows now. */
  get shown() {
    return sample(this.keyframes, this.playhead_s, this.facts);
  }

  load(keyframes) {
    if (!Array.isArray(keyframes) || !keyframes.length) return;
    if (JSON.stringify(keyframes) === JSON.stringify(this.keyframes)) return;
    this.remember();
    this.keyframes = keyframes.map((keyframe) => ({ ...keyframe }));
    this.selected = this.indexAt(this.playhead_s);
    this.say("track");
  }

  /** Change the state under the pad; where there is no keyframe, one is made (of several; a single one holds throughout). */
  edit(change) {
    if (!this.held) {
      this.remember();
      this.held = true;
    }
    if (this.selected === null && this.keyframes.length === 1) this.selected = 0;
    if (this.selected === null) this.insert(this.playhead_s);
    const { t_s, ease, style } = this.keyframes[this.selected];
    const { vad, weights, intensity } = change(this.state);
    this.keyframes[this.selected] = { t_s, ease, weights, intensity, ...(vad ? { vad } : {}), ...(style ? { style } : {}) };
    this.say("track");
  }

  setEase(ease) {
    if (this.selected === null) return;
    this.remember();
    this.keyframes[this.selected] = { ...this.keyframes[this.selected], ease };
    this.say("track");
    this.settle();
  }

  settle() {
    this.held = false;
    this.say("settled");
  }

  add(time_s) {
    const there = this.indexAt(time_s);
    if (there !== null) return this.select(there);
    this.remember();
    this.insert(time_s);
    this.playhead_s = this.keyframes[this.selected].t_s;
    this.say("playhead");
    this.say("track");
    this.settle();
  }

  remove(index) {
    if (this.keyframes.length < 2 || index === null) return;
    this.remember();
    this.keyframes.splice(index, 1);
    this.select(Math.max(0, index - 1));
    this.say("track");
    this.settle();
  }

  /** Move a keyframe to a time, between its neighbours. */
  move(index, time_s) {
    if (!this.held) {
      this.remember();
      this.held = true;
    }
    const low = index ? this.keyframes[index - 1].t_s + SAME_MOMENT_S : 0;
    const high = index + 1 < this.keyframes.length ? this.keyframes[index + 1].t_s - SAME_MOMENT_S : this.duration_s;
    const t_s = Math.round(clamp(this.snapped(time_s), low, Math.max(low, high)) * 1000) / 1000;
    this.keyframes[index] = { ...this.keyframes[index], t_s };
    this.playhead_s = t_s;
    this.say("playhead");
    this.say("track");
  }

  select(index) {
    this.selected = index;
    this.playhead_s = this.keyframes[index].t_s;
    this.say("playhead");
    this.say("track");
  }

  seek(time_s) {
    this.playhead_s = clamp(time_s, 0, this.duration_s);
    const there = this.indexAt(this.playhead_s);
    if (there !== this.selected) {
      this.selected = there;
      this.say("track");
    }
    this.say("playhead");
  }

  undo() {
    this.step(this.past, this.future);
  }

  redo() {
    this.step(this.future, this.past);
  }

  setSound(sound) {
    this.sound = sound;
    this.playhead_s = clamp(this.playhead_s, 0, this.duration_s);
    this.say("sound");
    this.say("track");
  }

  snapped(time_s) {
    const words = this.snap ? this.sound?.words ?? [] : [];
    const near = words.flatMap(({ start_s, end_s }) => [start_s, end_s])
      .map((edge_s) => [Math.abs(edge_s - time_s), edge_s])
      .filter(([away]) => away < 0.08)
      .sort((one, other) => one[0] - other[0]);
    return near.length ? near[0][1] : time_s;
  }

  indexAt(time_s) {
    const index = this.keyframes.findIndex((keyframe) => Math.abs(keyframe.t_s - time_s) < SAME_MOMENT_S);
    return index < 0 ? null : index;
  }

  insert(time_s) {
    const t_s = Math.round(clamp(this.snapped(time_s), 0, this.duration_s) * 1000) / 1000;
    const there = this.indexAt(t_s);
    if (there === null) {
      this.keyframes.push({ t_s, ...stateAt(this.keyframes, t_s, this.facts), ease: "linear" });
      this.keyframes.sort((one, other) => one.t_s - other.t_s);
    }
    this.selected = this.indexAt(t_s);
  }

  remember() {
    this.past.push(JSON.stringify([this.keyframes, this.selected]));
    if (this.past.length > DEEPEST) this.past.shift();
    this.future = [];
  }

  step(from, to) {
    if (!from.length) return;
    to.push(JSON.stringify([this.keyframes, this.selected]));
    [this.keyframes, this.selected] = JSON.parse(from.pop());
    if (this.selected !== null) this.playhead_s = this.keyframes[this.selected].t_s;
    this.say("playhead");
    this.say("track");
    this.settle();
  }

  say(what) {
    this.dispatchEvent(new Event(what));
  }
}

const stores = new Map();

/** The store of that name; whoever comes first brings the facts. */
export function storeOf(name, facts) {
  if (!stores.has(name)) stores.set(name, new Store(facts));
  return stores.get(name);
}
