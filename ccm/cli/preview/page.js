(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("with-script");
  var choices = ["sample", "language", "channel"].map(function (name) {
    return document.getElementById("choose-" + name);
  });
  function show() {
    var sample = choices[0].value, language = choices[1].value, channel = choices[2].value;
    document.querySelectorAll("section.sample").forEach(function (section) {
      var wanted = (!sample || section.dataset.sample === sample) && (!language || section.lang === language);
      section.hidden = !wanted;
      section.querySelectorAll("article").forEach(function (card) {
        card.hidden = Boolean(channel) && card.dataset.channel !== channel;
      });
      section.querySelectorAll(".column").forEach(function (column) {
        column.hidden = !column.querySelector("article:not([hidden])");
      });
    });
  }
  choices.forEach(function (choice) { choice.addEventListener("change", show); });
  var wording = document.getElementById("show-wording");
  var frames = new Map();
  function mark() {
    document.querySelectorAll("iframe[srcdoc]").forEach(function (frame) {
      if (!frames.has(frame)) { frames.set(frame, frame.getAttribute("srcdoc")); }
      var page = frames.get(frame);
      frame.setAttribute("srcdoc", wording.checked ? page.replace(/<html/i, '<html class="show-wording"') : page);
    });
  }
  wording.addEventListener("change", mark);
  if (wording.checked) { mark(); }
  show();
})();
