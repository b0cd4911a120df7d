// The emotion under the playhead, told to the server now and then: what it draws follows the pad while that is dragged.

import { stateAt } from "./emotion.js";
import { storeOf } from "./store.js";

const EVERY_MS = 150;

export function mount(element, props, trigger) {
  const { facts } = props;
  const store = storeOf(props.store, facts);
  let timer = 0;
  let told = "";

  function tell() {
    timer = 0;
    if (!element.isConnected) return; // Gradio has hidden it, and mounts it anew
    const keyframes = [{ t_s: 0, ...stateAt(store.keyframes, store.playhead_s, facts) }];
    if (JSON.stringify(keyframes) === told) return;
    told = JSON.stringify(keyframes);
    props.value = { keyframes };
    trigger("input");
  }

  const soon = () => (timer ||= setTimeout(tell, EVERY_MS));
  for (const change of ["track", "playhead"]) store.addEventListener(change, soon);
  soon();
}
