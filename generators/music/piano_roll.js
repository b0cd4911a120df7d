"use strict";

/* Draws `piece` into the elements of `root` (a page, or an element in one) and lets hands and keys move in it.

   Elements are found by id or by data-part: roll, notes, head, overview, legend, play, clock, colour, in, out, fit.
   The playhead follows `audio`, or a clock of its own where that is null. With `chosen`, bars can be marked on the row
   of their numbers; it is called with [first, last], counted from 1, or with null. Returns what the owner may do. */
function pianoRoll(root, piece, audio, chosen = null) {
  const find = (name) => root.querySelector(`[id="${name}"], [data-part="${name}"]`);
  const roll = find("roll"), notesCanvas = find("notes"), headCanvas = find("head"), overview = find("overview");
  const ended = new AbortController(), signal = ended.signal;
  const listen = (target, kind, heard, more = {}) => target.addEventListener(kind, heard, { signal, ...more });

  // Heights of the rows, in CSS pixels.
  const KEYS = 19, CHORDS = 21, NUMBERS = 17, TOP = KEYS + CHORDS + NUMBERS;
  const CURVES = piece.emotion ? 96 : 0, DRUMS = piece.tracks.some((track) => track.drums) ? 34 : 0;
  const GUTTER = 38, FEWEST_ROWS = 30;
  const USUAL_SCALE = 24, LARGEST_SCALE = 600;

  const count = piece.start.length, seconds = piece.seconds;
  const longest = piece.length.reduce((most, each) => Math.max(most, each), 0);
  const isDrum = (note) => piece.tracks[piece.track[note]].drums;
  const range = pitchRange();
  const view = { from: 0, scale: 0 };  // seconds at the left edge, pixels per second
  let theme = readTheme(), now = 0, stale = true, waiting = false, colourBy = "velocity", marked = null;

  // ---- Time: of the sound, or of a clock where there is none.

  const silent = { begun: null, at: 0 };
  const player = {
    get playing() { return audio ? !audio.paused : silent.begun !== null; },
    get time() {
      const time = audio ? audio.currentTime : silent.begun === null ? silent.at : silent.at + clockS() - silent.begun;
      return Math.min(time, seconds);
    },
    play() {
      if (now >= seconds) this.seek(0);
      if (audio) audio.play().catch(() => { announce(); });
      else silent.begun = clockS();
    },
    pause() {
      now = this.time;
      if (audio) audio.pause();
      else { silent.at = this.time; silent.begun = null; }
    },
    seek(time) {
      now = clamp(time, 0, seconds);
      if (audio) audio.currentTime = now;
      else { silent.at = now; if (silent.begun !== null) silent.begun = clockS(); }
      announce();
      schedule();
    },
  };

  function toggle() {
    if (player.playing) player.pause();
    else player.play();
    announce();
    schedule();
  }

  // ---- View

  const width = () => Math.max(roll.clientWidth - GUTTER, 1);
  const span = () => width() / view.scale;
  const x = (time) => GUTTER + (time - view.from) * view.scale;
  const timeAt = (place) => view.from + (place - GUTTER) / view.scale;

  function settle() {
    const all = width() / seconds;
    view.scale = clamp(view.scale, all, Math.max(LARGEST_SCALE, all));
    view.from = clamp(view.from, 0, Math.max(0, seconds - span()));
    stale = true;
    schedule();
  }

  function zoom(factor, place = x(clamp(now, view.from, view.from + span()))) {
    const held = timeAt(place);
    view.scale *= factor;
    const all = width() / seconds;
    view.scale = clamp(view.scale, all, Math.max(LARGEST_SCALE, all));
    view.from = held - (place - GUTTER) / view.scale;
    settle();
  }

  function showAll() { view.scale = 0; settle(); }

  function follow(margin) {
    const ahead = now - view.from;
    if (ahead >= 0 && ahead <= span() * (1 - margin)) return;
    view.from = now - span() * 0.08;
    settle();
  }

  // ---- Drawing

  function schedule() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (signal.aborted) return;
      if (player.playing) {
        now = player.time;
        follow(0.06);
        announce();
        if (!audio && now >= seconds) { player.pause(); announce(); }
      }
      if (stale) { stale = false; drawNotes(); drawOverview(); }
      drawHead();
      if (player.playing) schedule();
    });
  }

  function brush(canvas) {
    const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
    const wide = Math.round(box.width * ratio), high = Math.round(box.height * ratio);
    if (canvas.width !== wide || canvas.height !== high) { canvas.width = wide; canvas.height = high; }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, box.width, box.height);
    return [pen, box.width, box.height];
  }

  function drawNotes() {
    const [pen, wide, high] = brush(notesCanvas);
    const bottom = high - CURVES, floor = bottom - DRUMS;
    const rows = range.high - range.low + 1, row = (floor - TOP) / rows;
    const y = (pitch) => TOP + (range.high - pitch) * row;

    pen.save();
    pen.beginPath();
    pen.rect(GUTTER, 0, wide - GUTTER, high);
    pen.clip();
    pen.fillStyle = theme.blackKey;
    for (let pitch = range.low; pitch <= range.high; pitch++) {
      if (isBlack(pitch)) pen.fillRect(GUTTER, y(pitch), wide - GUTTER, row);
    }
    pen.fillStyle = theme.rule;
    for (let pitch = range.low; pitch <= range.high; pitch++) {
      if (pitch % 12 === 0) pen.fillRect(GUTTER, y(pitch) + row - 0.5, wide - GUTTER, 1);
    }
    if (marked) drawMarked(pen, high);
    drawBars(pen, wide, bottom, high);
    drawLabels(pen, piece.keys, KEYS - 5, `600 12px ${theme.sans}`, theme.ink, wide);
    drawLabels(pen, piece.chords, KEYS + CHORDS - 6, `13px ${theme.sans}`, theme.accent, wide);
    eachVisible((note, left, length) => {
      pen.fillStyle = colourOf(note);
      if (isDrum(note)) pen.fillRect(left, floor + 5 + (piece.pitch[note] % 6) * ((DRUMS - 10) / 6), 3, (DRUMS - 10) / 6);
      else pen.fillRect(left, y(piece.pitch[note]) + row * 0.08, Math.max(length - 0.6, 1.2), Math.max(row * 0.84, 1.5));
    });
    if (piece.emotion) drawCurves(pen, wide, bottom, high);
    pen.restore();
    drawGutter(pen, y, row, floor, bottom, high);
  }

  function drawBars(pen, wide, bottom, high) {
    const { every, lines, count: bars } = piece.bars;
    pen.font = `11px ${theme.sans}`;
    pen.textBaseline = "alphabetic";
    let free = -Infinity;
    let last = -Infinity;
    for (let line = 0; line < lines.length; line++) {
      const left = x(lines[line]);
      if (left < GUTTER - 60 || left > wide) continue;
      if (left - last >= 5) {
        pen.fillStyle = theme.bar;
        pen.fillRect(Math.round(left), TOP - 5, 1, bottom - TOP + 5);
        if (CURVES) pen.fillRect(Math.round(left), bottom, 1, high - bottom);
        last = left;
      }
      const number = line * every + 1, label = String(number);
      if (number > bars || left < free) continue;
      pen.fillStyle = theme.muted;
      pen.fillText(label, left + 3, TOP - 5);
      free = left + pen.measureText(label).width + 14;
    }
  }

  function drawMarked(pen, high) {
    const [from, to] = marked.map((bar, end) => x(beginOf(bar + end)));
    pen.fillStyle = theme.accent;
    pen.globalAlpha = 0.16;
    pen.fillRect(from, KEYS + CHORDS, to - from, high);
    pen.globalAlpha = 1;
    pen.fillRect(from, KEYS + CHORDS, to - from, 3);
    pen.fillRect(from - 1, KEYS + CHORDS, 2, high);
    pen.fillRect(to - 1, KEYS + CHORDS, 2, high);
  }

  function drawLabels(pen, labels, base, font, colour, wide) {
    pen.font = font;
    pen.fillStyle = colour;
    pen.textBaseline = "alphabetic";
    // What holds at the left edge is written there; a label that would run into the one before it is left out.
    const first = Math.max(0, labels.findLastIndex(([time]) => time <= view.from));
    let free = -Infinity;
    for (let place = first; place < labels.length; place++) {
      const [time, text] = labels[place], own = x(time) + 3;
      if (own > wide) break;
      const left = Math.max(own, GUTTER + 3);
      const right = left + pen.measureText(text).width;
      const next = place + 1 < labels.length ? x(labels[place + 1][0]) : Infinity;
      if (left < free || (own < left && right > next)) continue;
      pen.fillText(text, left, base);
      free = right + 5;
    }
  }

  function drawCurves(pen, wide, top, high) {
    const pad = 9, middle = (top + high) / 2, swing = (high - top) / 2 - pad;
    pen.fillStyle = theme.rule;
    pen.fillRect(GUTTER, top, wide, 1);
    pen.fillRect(GUTTER, Math.round(middle), wide, 1);
    for (const [name, colour, dashes] of [["valence", theme.valence, []], ["arousal", theme.arousal, [6, 3]]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = 2;
      pen.setLineDash(dashes);
      pen.beginPath();
      piece.emotion.time.forEach((time, place) => pen.lineTo(x(time), middle - swing * piece.emotion[name][place]));
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  function drawGutter(pen, y, row, floor, bottom, high) {
    pen.fillStyle = theme.page;
    pen.fillRect(0, 0, GUTTER, high);
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    pen.font = `10.5px ${theme.sans}`;
    for (let pitch = range.low; pitch <= range.high; pitch++) {
      pen.fillStyle = isBlack(pitch) ? theme.bar : theme.panel;
      pen.fillRect(GUTTER - 9, y(pitch), 8, row);
      if (pitch % 12 === 0) {
        pen.fillStyle = theme.muted;
        pen.fillText(`C${pitch / 12 - 1}`, GUTTER - 12, y(pitch) + row / 2);
      }
    }
    pen.fillStyle = theme.muted;
    pen.fillText("bar", GUTTER - 6, TOP - 9);
    if (DRUMS) pen.fillText("drums", GUTTER - 4, floor + DRUMS / 2);
    if (CURVES) {
      pen.fillText("+1", GUTTER - 6, bottom + 10);
      pen.fillText("0", GUTTER - 6, (bottom + high) / 2);
      pen.fillText("−1", GUTTER - 6, high - 10);
    }
    pen.textAlign = "left";
    pen.fillStyle = theme.bar;
    pen.fillRect(GUTTER - 1, TOP - 5, 1, high);
  }

  function drawHead() {
    const [pen, , high] = brush(headCanvas);
    const left = x(now);
    if (left < GUTTER - 1) return;
    pen.fillStyle = theme.playhead;
    pen.fillRect(left - 1, KEYS + CHORDS, 2, high);
    pen.beginPath();
    pen.moveTo(left - 6, KEYS + CHORDS);
    pen.lineTo(left + 6, KEYS + CHORDS);
    pen.lineTo(left, KEYS + CHORDS + 8);
    pen.fill();
    drawOverviewHead();
  }

  let overviewNotes = null;

  function drawOverview() {
    const [pen, wide, high] = brush(overview);
    const step = (high - 6) / (range.high - range.low + 1);
    for (let note = 0; note < count; note++) {
      pen.fillStyle = colourOf(note);
      const top = isDrum(note) ? high - 3 : 3 + (range.high - piece.pitch[note]) * step;
      pen.fillRect(piece.start[note] / seconds * wide, top, Math.max(piece.length[note] / seconds * wide, 1), Math.max(step, 1.2));
    }
    overviewNotes = document.createElement("canvas");
    overviewNotes.width = overview.width;
    overviewNotes.height = overview.height;
    overviewNotes.getContext("2d").drawImage(overview, 0, 0);
  }

  function drawOverviewHead() {
    const [pen, wide, high] = brush(overview);
    if (!overviewNotes) return;
    pen.drawImage(overviewNotes, 0, 0, wide, high);
    const left = view.from / seconds * wide, right = (view.from + span()) / seconds * wide;
    pen.fillStyle = theme.page;
    pen.globalAlpha = 0.6;
    pen.fillRect(0, 0, left, high);
    pen.fillRect(right, 0, wide - right, high);
    pen.globalAlpha = 1;
    pen.strokeStyle = theme.bar;
    pen.strokeRect(left + 0.5, 0.5, Math.max(right - left - 1, 1), high - 1);
    pen.fillStyle = theme.playhead;
    pen.fillRect(now / seconds * wide - 1, 0, 2, high);
  }

  function eachVisible(draw) {
    const until = view.from + span();
    for (let note = firstAfter(view.from - longest); note < count && piece.start[note] <= until; note++) {
      const left = x(piece.start[note]), length = piece.length[note] * view.scale;
      if (left + Math.max(length, 3) >= GUTTER) draw(note, left, length);
    }
  }

  function firstAfter(time) {
    let low = 0, high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (piece.start[middle] < time) low = middle + 1; else high = middle;
    }
    return low;
  }

  function colourOf(note) {
    if (colourBy === "track") return theme.tracks[piece.track[note] % theme.tracks.length];
    return isDrum(note) ? theme.drum : theme.ramp[piece.velocity[note]];
  }

  function readTheme() {
    const style = getComputedStyle(root.documentElement || root), read = (name) => style.getPropertyValue(name).trim();
    const stops = read("--velocity").split(" ").map(channels);
    const mixed = (place, channel) => {
      const below = Math.min(Math.floor(place), stops.length - 2), part = place - below;
      return Math.round(stops[below][channel] * (1 - part) + stops[below + 1][channel] * part);
    };
    const ramp = Array.from({ length: 128 }, (_, velocity) => {
      const place = velocity / 127 * (stops.length - 1);
      return `rgb(${mixed(place, 0)},${mixed(place, 1)},${mixed(place, 2)})`;
    });
    return {
      sans: read("--sans"), page: read("--page"), panel: read("--panel"), ink: read("--ink"), muted: read("--muted"),
      rule: read("--rule"), bar: read("--bar"), blackKey: read("--black-key"), drum: read("--drum"),
      accent: read("--accent"), playhead: read("--playhead"), valence: read("--valence"), arousal: read("--arousal"),
      tracks: read("--tracks").split(" "), ramp,
    };
  }

  // ---- Words

  function announce() {
    const playing = player.playing;
    find("play").textContent = playing ? "Pause" : "Play";
    find("clock").textContent = `${clockText(now)} / ${clockText(Math.ceil(seconds))} · bar ${barAt(now)} of ${piece.bars.count}`;
    const chord = holding(piece.chords);
    roll.setAttribute("aria-valuemax", seconds.toFixed(1));
    roll.setAttribute("aria-valuenow", now.toFixed(1));
    const bars = marked ? `, bars ${marked[0]} to ${marked[1]} are marked` : "";
    roll.setAttribute("aria-valuetext", `bar ${barAt(now)}, ${now.toFixed(1)} seconds${chord ? `, chord ${chord}` : ""}${bars}`);
  }

  function holding(labels) {
    const place = labels.findLastIndex(([time]) => time <= now + 1e-6);
    return place < 0 ? "" : labels[place][1];
  }

  function barAt(time) {
    const line = piece.bars.lines.findLastIndex((each) => each <= time + 1e-6);
    return Math.min(Math.max(line, 0) * piece.bars.every + 1, piece.bars.count);
  }

  function beginOf(bar) {
    const { every, lines, count: bars } = piece.bars, place = (bar - 1) / every;
    const before = Math.min(Math.floor(place), lines.length - 1), after = Math.min(before + 1, lines.length - 1);
    return bar > bars ? lines[lines.length - 1] : lines[before] + (lines[after] - lines[before]) * (place - before);
  }

  function mark(bars, tell = true) {
    if (String(bars) === String(marked)) return;
    marked = bars;
    if (tell) chosen(marked);
    announce();
    stale = true;
    schedule();
  }

  function drawLegend() {
    const legend = find("legend");
    legend.replaceChildren();
    const add = (text, swatch, kind = "") => {
      const entry = document.createElement("span"), patch = document.createElement("i");
      patch.className = kind;
      patch.style.setProperty("--swatch", swatch);
      entry.append(patch, text);
      legend.append(entry);
    };
    if (colourBy === "velocity") {
      add("soft to loud", `linear-gradient(90deg, ${theme.ramp.filter((_, place) => place % 16 === 0).join(",")})`, "ramp");
    } else {
      const used = new Set(piece.track);
      piece.tracks.forEach((track, place) => {
        if (used.has(place)) add(track.name, theme.tracks[place % theme.tracks.length]);
      });
    }
    if (piece.emotion) {
      add("valence", theme.valence, "line");
      add("arousal", theme.arousal, "dashes");
    }
  }

  // ---- Hands

  const fingers = new Map();
  let gap = 0, marking = null;

  listen(roll, "pointerdown", (event) => {
    if (event.button !== 0) return;
    roll.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, placeOf(event));
    if (fingers.size > 1) { gap = spread(); return; }
    const high = event.clientY - roll.getBoundingClientRect().top;
    if (chosen && high >= KEYS + CHORDS && high < TOP) {
      const bar = barAt(timeAt(placeOf(event)));
      const again = marked && marked[0] === bar && marked[1] === bar;
      marking = again ? null : bar;
      mark(again ? null : [bar, bar]);
    } else player.seek(timeAt(placeOf(event)));
  });
  listen(roll, "pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, placeOf(event));
    if (marking !== null) {
      const bar = barAt(timeAt(placeOf(event)));
      mark([Math.min(marking, bar), Math.max(marking, bar)]);
      return;
    }
    if (fingers.size === 1) {
      player.seek(timeAt(placeOf(event)));
      if (now < view.from || now > view.from + span()) { view.from += now < view.from ? now - view.from : now - view.from - span(); settle(); }
      return;
    }
    const wider = spread(), places = [...fingers.values()];
    if (gap > 8 && wider > 8) zoom(wider / gap, (places[0] + places[1]) / 2);
    gap = wider;
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    listen(roll, kind, (event) => {
      fingers.delete(event.pointerId);
      gap = fingers.size > 1 ? spread() : 0;
      marking = null;
    });
  }
  listen(roll, "wheel", (event) => {
    event.preventDefault();
    const unit = event.deltaMode === 0 ? 1 : 32;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      view.from += (event.deltaX || event.deltaY) * unit / view.scale;
      settle();
    } else zoom(Math.exp(-clamp(event.deltaY * unit, -240, 240) / 400), Math.max(placeOf(event), GUTTER));
  }, { passive: false });

  let sliding = false;
  const slide = (event) => {
    const box = overview.getBoundingClientRect();
    player.seek((event.clientX - box.left) / box.width * seconds);
    view.from = now - span() / 2;
    settle();
  };
  listen(overview, "pointerdown", (event) => { sliding = true; overview.setPointerCapture(event.pointerId); slide(event); });
  listen(overview, "pointermove", (event) => { if (sliding) slide(event); });
  for (const kind of ["pointerup", "pointercancel"]) listen(overview, kind, () => { sliding = false; });

  function spread() {
    const [one, other] = [...fingers.values()];
    return Math.abs(one - other);
  }

  function placeOf(event) { return event.clientX - roll.getBoundingClientRect().left; }

  // ---- Keys

  const step = (by) => () => { player.seek(now + by); follow(0); };
  const turn = (by) => () => { player.seek(neighbouringBar(by)); follow(0); };
  const KEYS_OF_ROLL = {
    ArrowRight: turn(1), ArrowLeft: turn(-1), "Shift+ArrowRight": step(1), "Shift+ArrowLeft": step(-1),
    PageDown: turn(4), PageUp: turn(-4), Home: step(-Infinity), End: step(Infinity),
    "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), ArrowUp: () => zoom(1.4), ArrowDown: () => zoom(1 / 1.4),
    0: showAll,
    ...(chosen ? {
      "[": () => mark([barAt(now), Math.max(barAt(now), marked ? marked[1] : 0)]),
      "]": () => mark([Math.min(barAt(now), marked ? marked[0] : Infinity), barAt(now)]),
      Escape: () => mark(null),
    } : {}),
  };

  listen(root, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const used = event.target.closest("button, select");
    if (event.key === " " && !used) { event.preventDefault(); toggle(); return; }
    // Beside the roll only what no other control or the page itself has a use for.
    const own = roll.contains(event.target) || (event.target === document.body && !/^(Arrow(Up|Down)|Page|Home|End)/.test(event.key));
    const chosen = KEYS_OF_ROLL[event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key];
    if (own && chosen) { event.preventDefault(); chosen(); }
  });

  function neighbouringBar(by) {
    const lines = piece.bars.lines, near = 0.02;
    const here = lines.findLastIndex((each) => each <= now + near);
    // From within a bar, back is to its own beginning.
    const inside = by < 0 && now - lines[Math.max(here, 0)] > near ? 1 : 0;
    return lines[clamp(here + by + inside, 0, lines.length - 1)];
  }

  // ---- Beginning

  function pitchRange() {
    let low = 127, high = 0;
    for (let note = 0; note < count; note++) {
      if (isDrum(note)) continue;
      low = Math.min(low, piece.pitch[note]);
      high = Math.max(high, piece.pitch[note]);
    }
    if (low > high) [low, high] = [60, 60];
    const missing = Math.max(4, FEWEST_ROWS - (high - low + 1));
    return { low: Math.max(0, low - Math.ceil(missing / 2)), high: Math.min(127, high + Math.floor(missing / 2)) };
  }

  function channels(colour) { return [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16)); }
  function isBlack(pitch) { return [1, 3, 6, 8, 10].includes(pitch % 12); }
  function clamp(value, low, high) { return Math.min(Math.max(value, low), high); }
  function clockS() { return performance.now() / 1000; }
  function clockText(time) { return `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, "0")}`; }

  function repaint() { theme = readTheme(); drawLegend(); settle(); }

  listen(find("play"), "click", toggle);
  listen(find("in"), "click", () => zoom(1.4));
  listen(find("out"), "click", () => zoom(1 / 1.4));
  listen(find("fit"), "click", showAll);
  listen(find("colour"), "change", (event) => { colourBy = event.target.value; drawLegend(); settle(); });
  if (audio) for (const kind of ["play", "pause", "ended", "seeked", "timeupdate"]) {
    listen(audio, kind, () => { now = player.time; announce(); schedule(); });
  }
  listen(window.matchMedia("(prefers-color-scheme: dark)"), "change", repaint);

  const pitchedTracks = new Set(piece.track.filter((track) => !piece.tracks[track].drums));
  if (pitchedTracks.size > 1) colourBy = "track";
  find("colour").value = colourBy;
  drawLegend();
  announce();
  let shown = false;
  const resized = new ResizeObserver(() => {
    if (!roll.clientWidth) return;
    if (!shown) { shown = true; view.scale = USUAL_SCALE; }
    settle();
  });
  resized.observe(roll);

  return {
    mark: (bars) => mark(bars, false),
    repaint,
    end() { ended.abort(); resized.disconnect(); },
  };
}
