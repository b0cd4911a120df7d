// The piano roll of the page that is written beside every piece, in the studio: bars can be marked, and the time line of
// the emotion is as long as the piece and follows its playhead. `props.value` is null or {piece, sound, summary, bars}.

import { storeOf } from "./store.js";

const USUAL_S = 32;

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
      stretch(piece ? piece.seconds : USUAL_S);
      if (piece) roll = pianoRoll(element, piece, audio, marked);
    }
    if (roll) roll.mark(value.bars ?? null);
  }

  function marked(bars) {
    props.value = { ...props.value, bars };
    trigger("select", { bars });
  }

  // The time line has no sound of its own here, but a length: that of the piece, or of one that is to be.
  function stretch(seconds) {
    const last = Math.max(...store.keyframes.map((keyframe) => keyframe.t_s));
    store.setSound({ src: "", duration_s: Math.max(seconds, last), peaks: [], words: [] });
  }

  for (const kind of ["timeupdate", "seeked"]) {
    audio.addEventListener(kind, () => { if (!audio.paused) store.seek(audio.currentTime); });
  }
  new MutationObserver(() => roll?.repaint()).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  watch("value", draw);
  draw();
}
