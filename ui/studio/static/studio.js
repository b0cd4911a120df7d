// What the whole page needs: the switch between dark and light, remembered by the browser.

const KEY = "espressivo-look";

function wear(look) {
  document.body.classList.toggle("dark", look === "dark");
}

function begin() {
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
