// What the whole page needs: it is shown when it stands, and the browser remembers whether it is dark or light.

const KEY = "espressivo-look";

function wear(look) {
  document.body.classList.toggle("dark", look === "dark");
}

/** Show the page once the last of its own parts is built; see studio.css. */
function showWhenReady() {
  const built = () => document.querySelector(".es-pad") && document.querySelector(".es-timeline .es-bar");
  const observer = new MutationObserver(() => {
    if (!built()) return;
    observer.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => document.body.classList.add("es-ready")));
  });
  observer.observe(document.documentElement, { childList: true, subtree: true });
}

const NAMED_OTHERWISE = ".upload-container[aria-label], button[aria-label*='upload' i], button.playback[aria-label]";

/** Gradio names places for uploads, and the speed of sound, by other words than it shows on them; who speaks to the page
 * says what is shown. */
function nameAsShown() {
  let asked = false;
  const name = () => {
    asked = false;
    for (const place of document.querySelectorAll(NAMED_OTHERWISE)) {
      const shown = place.textContent.replace(/\s+/g, " ").trim();
      if (shown && place.getAttribute("aria-label") !== shown) place.setAttribute("aria-label", shown);
    }
  };
  new MutationObserver(() => {
    if (!asked) requestAnimationFrame(name);
    asked = true;
  }).observe(document.documentElement, { childList: true, subtree: true });
}

function begin() {
  showWhenReady();
  nameAsShown();
  const kept = localStorage.getItem(KEY);
  if (kept) wear(kept);
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#es-look")) return;
    const next = document.body.classList.contains("dark") ? "light" : "dark";
    localStorage.setItem(KEY, next);
    wear(next);
  });
}

begin();
