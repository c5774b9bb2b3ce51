"use strict";
const form = document.getElementById("try"), told = form.querySelector("output");
const file = form.elements.namedItem("file"), text = form.elements.namedItem("text"), answer = form.elements.namedItem("answer");
let asked = 0;
async function ask(button) {
  const number = ++asked, data = new FormData(form);
  if (button) data.append(button.name, button.value);
  if (file.files.length && file.files[0].size > file.dataset.most) return say("too-large");
  told.textContent = told.dataset.working;
  try {
    const response = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const found = page.getElementById("result");
    if (number !== asked) return;
    if (!found) return say(response.redirected ? "token" : "no-answer");
    document.getElementById("result").replaceWith(found);
    if (button) text.value = page.getElementById("text").value;
    ready();
    found.focus();
    found.scrollIntoView({ block: "start", behavior: "auto" });
  } catch (error) {
    if (number === asked) say("no-answer");
  } finally {
    if (number === asked) told.textContent = "";
  }
}
// What stays on the page with all that was typed in, where sending it would bring the browser's own error page.
function say(name) {
  const result = document.getElementById("result");
  result.replaceChildren(document.getElementById(name).content.cloneNode(true));
  result.scrollIntoView({ block: "nearest", behavior: "auto" });
}
async function download() {
  if (file.files.length && file.files[0].size > file.dataset.most) return say("too-large");
  try {
    await fetch("/healthz");
    document.getElementById("result").replaceChildren();
    form.submit();
  } catch (error) {
    say("no-answer");
  }
}
function ready() {
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.of);
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
      } catch (error) {
        getSelection().selectAllChildren(source);
        document.execCommand("copy");
      }
      button.textContent = button.dataset.done;
    });
  }
}
form.addEventListener("submit", (event) => {
  const button = event.submitter && event.submitter.name ? event.submitter : null;
  event.preventDefault();
  if (answer.value !== "page" && !button) download();
  else ask(button);
});
text.addEventListener("paste", () => setTimeout(() => { file.value = ""; if (answer.value === "page") ask(null); }));
text.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(); });
file.addEventListener("change", () => { if (file.files.length && answer.value === "page") ask(null); });
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    if (!event.dataTransfer || ![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    form.classList.toggle("over", name === "dragover");
    if (name !== "drop" || !event.dataTransfer.files.length) return;
    file.files = event.dataTransfer.files;
    file.dispatchEvent(new Event("change"));
  });
}
document.addEventListener("keydown", (event) => { if (event.key === "Escape") document.body.classList.add("quiet"); });
for (const name of ["mouseover", "focusin"]) document.addEventListener(name, (event) => { if (!event.target.closest(".link")) document.body.classList.remove("quiet"); });
ready();
