pianoRoll(document, JSON.parse(document.getElementById("piece").textContent), document.getElementById("sound"));
