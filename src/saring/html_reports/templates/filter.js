"use strict";
const form = document.getElementById("filter");
const words = form.querySelector("input"), publisher = form.querySelector("select"), told = form.querySelector("output");
const groups = [...document.querySelectorAll("section.kind")];
const articles = [...document.querySelectorAll("details.article")].map((one) => [one, one.textContent.toLowerCase()]);
function apply() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const [one, text] of articles) {
    const fits = (!publisher.value || one.dataset.publisher === publisher.value) && wanted.every((word) => text.includes(word));
    one.hidden = !fits;
    shown += fits;
  }
  for (const group of groups) group.hidden = !group.querySelector("details.article:not([hidden])");
  told.textContent = told.dataset.shown.replace("#", shown);
}
words.addEventListener("input", apply);
publisher.addEventListener("change", apply);
form.hidden = false;
apply();
