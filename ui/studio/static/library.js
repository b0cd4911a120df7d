import { make } from "./dom.js";

/* Cards of takes. `props.value` is {entries, chosen, opened, nothing}; a card opens its take, its box chooses it. */

export function mount(element, props, trigger, watch) {
  const grid = element.querySelector("[data-part=cards]"), empty = element.querySelector("[data-part=empty]");

  function card(entry, chosen, opened) {
    const picture = entry.thumbnail
      ? make("img", { src: entry.thumbnail, alt: "", loading: "lazy", width: 320, height: 240 })
      : make("span", { class: "es-card-blank", "aria-hidden": "true" }, "♪");
    const words = make("span", { class: "es-card-words" },
      make("span", { class: "es-card-title" }, entry.title),
      make("span", { class: "es-card-emotion" }, entry.emotion),
      make("span", { class: "es-card-facts" }, [entry.parts.join(", "), entry.generators.join(", "), entry.made].filter(Boolean).join(" · ")));
    const open = make("button", { type: "button", class: "es-card", "data-name": entry.name }, picture, words);
    if (entry.name === opened) open.setAttribute("aria-current", "true");
    open.addEventListener("click", () => {
      props.value = { ...props.value, opened: entry.name };
      draw();
      trigger("select");
    });
    const box = make("input", { type: "checkbox", "aria-label": `Choose ${entry.title}` });
    box.checked = chosen.includes(entry.name);
    box.addEventListener("change", () => {
      const others = (props.value.chosen || []).filter((name) => name !== entry.name);
      props.value = { ...props.value, chosen: box.checked ? [...others, entry.name] : others };
      trigger("input");
    });
    return make("li", {}, open, make("label", { class: "es-card-choose" }, box));
  }

  function draw() {
    const { entries = [], chosen = [], opened = null, nothing = "" } = props.value || {};
    const focused = grid.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    grid.replaceChildren(...entries.map((entry) => card(entry, chosen, opened)));
    empty.textContent = entries.length ? "" : nothing;
    empty.hidden = entries.length > 0;
    if (focused) grid.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  }

  watch("value", draw);
  draw();
}
