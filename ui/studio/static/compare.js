/* Two takes under one transport bar. `props.value` is {a, b}, each null or {title, emotion, address, kind, poster}.

   The longer side leads. The other is kept within a frame of it: small differences by playing a little faster or slower,
   large ones by a jump. Sounds of both sides at once are for music; speech is heard from one side at a time. */

const RATES = [0.25, 0.5, 1, 2], SLIGHT_S = 0.02, LARGE_S = 0.25, HURRY = 0.06, STEP_S = 1 / 25, LEAP_S = 2;

export function mount(element, props, trigger, watch) {
  const find = (name) => element.querySelector(`[data-part="${name}"]`);
  const sides = ["a", "b"].map((side) => ({
    box: find(side), medium: find(`${side}-medium`), title: find(`${side}-title`), loaded: null,
  }));
  const play = find("play"), seek = find("seek"), clock = find("clock"), rate = find("rate"), bar = find("transport");
  const nothing = find("nothing"), hear = element.querySelectorAll("[data-hear]");
  let wanted = false, dragging = false, running = false;

  const shown = () => sides.filter((side) => side.loaded);
  const length = (side) => (Number.isFinite(side.medium.duration) ? side.medium.duration : 0);
  const leader = () => shown().reduce((best, side) => (!best || length(side) > length(best) ? side : best), null);
  const total = () => Math.max(0, ...shown().map(length));
  const at = () => Math.min(leader()?.medium.currentTime ?? 0, total());

  function draw() {
    const value = props.value || {};
    sides.forEach((side, place) => {
      const take = value[place ? "b" : "a"] || null;
      const address = take ? take.address : null;
      if (side.loaded !== address) {
        side.loaded = address;
        if (address) side.medium.src = address; else side.medium.removeAttribute("src");
        side.medium.load();
        wanted = false;
      }
      if (take?.poster) side.medium.poster = take.poster; else side.medium.removeAttribute("poster");
      side.medium.setAttribute("aria-label", take ? take.title : "");
      side.title.textContent = take ? `${take.title} (${take.emotion})` : "";
      side.box.classList.toggle("es-pair-empty", !take);
    });
    bar.hidden = shown().length === 0;
    find("pair").hidden = shown().length === 0;
    nothing.hidden = shown().length > 0;
    sound();
    tell();
  }

  function sound() {
    const heard = [...hear].find((one) => one.getAttribute("aria-pressed") === "true").dataset.hear;
    sides.forEach((side, place) => { side.medium.muted = heard !== "both" && heard !== "ab"[place]; });
  }

  function toggle() {
    wanted = !wanted;
    if (wanted && at() >= total() - 0.05) jump(0);
    go();
  }

  function go() {
    for (const side of shown()) {
      if (wanted && side.medium.currentTime < length(side) - 0.01) side.medium.play().catch(() => { wanted = false; tell(); });
      else side.medium.pause();
    }
    tell();
    if (wanted && !running) { running = true; requestAnimationFrame(follow); }
  }

  function follow() {
    const first = leader();
    running = wanted && Boolean(first);
    if (!running) return;
    const speed = Number(rate.value);
    for (const side of shown()) {
      if (side === first) { side.medium.playbackRate = speed; continue; }
      const late = first.medium.currentTime - side.medium.currentTime;
      if (first.medium.currentTime >= length(side)) continue;  // it has ended, and shows its last picture
      if (Math.abs(late) > LARGE_S) side.medium.currentTime = first.medium.currentTime;
      side.medium.playbackRate = Math.abs(late) < SLIGHT_S ? speed : speed * (1 + Math.sign(late) * HURRY);
    }
    if (first.medium.ended) { wanted = false; go(); }
    tell();
    requestAnimationFrame(follow);
  }

  function jump(time) {
    const to = Math.min(Math.max(time, 0), total());
    for (const side of shown()) side.medium.currentTime = Math.min(to, length(side));
    tell(to);
    if (wanted) go();
  }

  function tell(time = at()) {
    play.textContent = wanted ? "Pause" : "Play";
    seek.max = total().toFixed(2);
    if (!dragging) seek.value = time;
    const words = `${stamp(time)} / ${stamp(total())}`;
    clock.textContent = words;
    seek.setAttribute("aria-valuetext", `${time.toFixed(1)} of ${total().toFixed(1)} seconds`);
  }

  play.addEventListener("click", toggle);
  seek.addEventListener("pointerdown", () => { dragging = true; });
  for (const kind of ["pointerup", "pointercancel", "change"]) seek.addEventListener(kind, () => { dragging = false; });
  seek.addEventListener("input", () => jump(Number(seek.value)));
  rate.replaceChildren(...RATES.map((one) => new Option(`${one}×`, one, one === 1, one === 1)));
  rate.addEventListener("change", () => { for (const side of shown()) side.medium.playbackRate = Number(rate.value); });
  for (const one of hear) {
    one.addEventListener("click", () => {
      for (const other of hear) other.setAttribute("aria-pressed", String(other === one));
      sound();
    });
  }
  for (const side of sides) {
    for (const kind of ["loadedmetadata", "seeked", "ended"]) side.medium.addEventListener(kind, () => tell());
    side.medium.addEventListener("click", toggle);
    side.medium.addEventListener("waiting", () => { for (const other of shown()) if (other !== side) other.medium.pause(); });
    side.medium.addEventListener("playing", () => { if (wanted) go(); });
  }
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button, select")) return;
    const by = { ArrowRight: LEAP_S, ArrowLeft: -LEAP_S, ".": STEP_S, ",": -STEP_S }[event.key];
    if (event.key === " ") toggle();
    else if (by) jump(at() + by);
    else return;
    event.preventDefault();
  });
  watch("value", draw);
  draw();
}

function stamp(time) {
  return `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, "0")}.${Math.floor((time % 1) * 10)}`;
}
