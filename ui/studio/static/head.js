// The 3D head: follows the emotion while it is edited, and plays a finished motion by the clock of the sound.

import {
  ACESFilmicToneMapping, AnimationMixer, DirectionalLight, GLTFLoader, HemisphereLight, OrbitControls, PerspectiveCamera,
  Scene, SRGBColorSpace, WebGLRenderer,
} from "./three.module.min.js";
import { storeOf } from "./store.js";

const EYES_M = [0, -0.02, 0];

export function mount(element, props, trigger, watch) {
  const { facts, texts } = props;
  const store = storeOf(props.store, facts);
  const root = element.querySelector(".es-head");
  const canvas = root.querySelector("canvas");
  root.setAttribute("role", "img");
  root.setAttribute("aria-label", texts.label);
  const says = root.querySelector(".es-head-says");

  let renderer;
  try {
    renderer = new WebGLRenderer({ canvas, antialias: !drawnBySoftware(), alpha: true });
  } catch {
    says.textContent = texts.no_webgl;
    return;
  }
  renderer.outputColorSpace = SRGBColorSpace;
  renderer.toneMapping = ACESFilmicToneMapping;
  const scene = new Scene();
  const camera = new PerspectiveCamera(24, 1, 0.05, 5);
  camera.position.set(0, -0.01, 0.78);
  const key = new DirectionalLight("#fff1e4", 2.6);
  key.position.set(0.6, 0.8, 1.2);
  const rim = new DirectionalLight("#b9c8ff", 1.6);
  rim.position.set(-1, 0.6, -0.8);
  scene.add(new HemisphereLight("#ffffff", "#6b5c66", 1.5), key, rim);
  const orbit = new OrbitControls(camera, canvas);
  orbit.target.set(...EYES_M);
  orbit.enablePan = false;
  orbit.enableZoom = false;
  orbit.minPolarAngle = 1.0;
  orbit.maxPolarAngle = 2.1;
  orbit.addEventListener("change", ask);

  const loader = new GLTFLoader();
  let shown = null; // { scene, faces, mixer }
  let wanted = "";
  let playing = false; // whether a finished motion moves the face
  let asked = false;
  let moved_at = 0;

  function ask() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(paint);
  }

  function paint() {
    asked = false;
    const { clientWidth, clientHeight } = root;
    if (!clientWidth || !shown) return;
    const ratio = Math.min(2, devicePixelRatio);
    if (canvas.width !== Math.round(clientWidth * ratio) || canvas.height !== Math.round(clientHeight * ratio)) {
      renderer.setPixelRatio(ratio);
      renderer.setSize(clientWidth, clientHeight, false);
      camera.aspect = clientWidth / clientHeight;
      camera.updateProjectionMatrix();
    }
    if (playing && shown.mixer) shown.mixer.setTime(Math.min(store.playhead_s, shown.length_s));
    else pose();
    renderer.render(scene, camera);
    if (moved_at) {
      // From the change to the finished picture; tests and the docs read it.
      root.dataset.previewMs = (performance.now() - moved_at).toFixed(1);
      moved_at = 0;
    }
  }

  function pose() {
    const { strengths } = store.shown;
    const gains = gainsOf(props.gains);
    for (const face of shown.faces) {
      const names = Object.entries(face.morphTargetDictionary);
      for (const [name, index] of names) {
        const column = facts.arkit.indexOf(name);
        let weight = 0;
        for (let row = 1; row < strengths.length; row += 1) weight += strengths[row] * facts.table[row][column];
        face.morphTargetInfluences[index] = Math.min(1, weight * gains[facts.regions[column]]);
      }
    }
  }

  async function load(address) {
    if (!address || address === wanted) return;
    wanted = address;
    says.textContent = texts.loading;
    try {
      const file = await loader.loadAsync(new URL(address, document.baseURI).href);
      if (address !== wanted) return;
      if (shown) scene.remove(shown.scene);
      const faces = [];
      file.scene.traverse((node) => {
        node.frustumCulled = false;
        if (node.morphTargetInfluences) faces.push(node);
      });
      const clip = file.animations[0];
      const mixer = clip ? new AnimationMixer(file.scene) : null;
      mixer?.clipAction(clip).play();
      shown = { scene: file.scene, faces, mixer, length_s: clip ? clip.duration - 1e-3 : 0 };
      scene.add(file.scene);
      playing = Boolean(clip);
      says.textContent = "";
      root.dataset.ready = address;
      ask();
    } catch {
      wanted = "";
      says.textContent = texts.no_head;
    }
  }

  function heed() {
    const { identity, motion, sound } = props.value ?? {};
    if (JSON.stringify(sound ?? null) !== JSON.stringify(store.sound)) store.setSound(sound ?? null);
    load(motion ?? `studio/heads/${identity ?? "default"}.glb`);
  }

  store.addEventListener("track", () => {
    // Editing shows the emotion itself; playing shows the take again.
    if (store.held) playing = false;
    moved_at = performance.now();
    ask();
  });
  store.addEventListener("playhead", ask);
  store.addEventListener("play", () => {
    playing = Boolean(shown?.mixer);
    ask();
  });
  for (const id of Object.values(props.gains)) {
    document.addEventListener("input", (event) => {
      if (!event.target.closest?.(`#${id}`)) return;
      playing = false;
      moved_at = performance.now();
      ask();
    });
  }
  watch("value", heed);
  new ResizeObserver(ask).observe(root);
  heed();
}

/** Whether no graphics card draws: smooth edges then cost more time than they are worth. */
function drawnBySoftware() {
  const context = document.createElement("canvas").getContext("webgl2");
  const told = context?.getExtension("WEBGL_debug_renderer_info");
  const name = told ? context.getParameter(told.UNMASKED_RENDERER_WEBGL) : "";
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software/i.test(name);
}

/** The regions' gains as their sliders stand. */
function gainsOf(ids) {
  const gains = { other: 1 };
  for (const [region, id] of Object.entries(ids)) {
    const input = document.querySelector(`#${id} input[type=number], #${id} input[type=range]`);
    gains[region] = input ? Number(input.value) : 1;
  }
  return gains;
}
