// The piano roll of the page that is written beside every piece, in the studio: bars can be marked, and the time line of
// the emotion is as long as the piece and follows its playhead. `props.value` is null or {piece, sound, summary, bars}.

import { storeOf } from "./store.js";

const USUAL_S = 32;
const SILENCE = "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YQAAAAA=";

export function mount(element, props, trigger, watch, pianoRoll) {
  const find = (name) => element.querySelector(`[data-part="${name}"]`);
  const audio = find("sound"), body = find("body"), nothing = find("nothing"), summary = find("summary");
  const store = storeOf(props.store, props.facts);
  let roll = null, shown = null;

  function draw() {
    const value = props.value || null, piece = value ? value.piece : null;
    const address = value ? value.sound : null;
    body.hidden = !piece;
    nothing.hidden = Boolean(piece);
    if (address !== shown) {
      shown = address;
      roll?.end();
      roll = null;
      if (address) audio.src = address; else audio.removeAttribute("src");
      audio.load();
      summary.textContent = value ? value.summary : "";
      stretch(piece ? piece.seconds : USUAL_S, address);
      if (piece) roll = pianoRoll(element.querySelector(".es-roll"), piece, audio, marked);
    }
    if (roll) roll.mark(value.bars ?? null);
  }

  function marked(bars) {
    props.value = { ...props.value, bars };
    trigger("select");
  }

  // The time line is as long as the piece, or as one that is to be usually is.
  function stretch(seconds, address) {
    const last = Math.max(...store.keyframes.map((keyframe) => keyframe.t_s));
    store.setSound({ src: address || SILENCE, duration_s: Math.max(seconds, last), peaks: [], words: [] });
  }

  for (const kind of ["timeupdate", "seeked"]) {
    audio.addEventListener(kind, () => { if (!audio.paused) store.seek(audio.currentTime); });
  }
  // The time line plays the same sound; one of the two at a time.
  document.addEventListener("play", (event) => { if (event.target !== audio) audio.pause(); }, true);
  audio.addEventListener("play", () => { for (const other of document.querySelectorAll("audio, video")) if (other !== audio) other.pause(); });
  new MutationObserver(() => roll?.repaint()).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  watch("value", draw);
  draw();
}
