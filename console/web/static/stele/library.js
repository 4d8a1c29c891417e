// The turntable as one control: arrows move between slots, a choice opens its disc beside it.
"use strict";
{
  const POSITIONS = document.querySelector(".wall") ? 36 : 50;

  const chosen = () => document.querySelector("#disc [data-slot]")?.dataset.slot;
  const mark = () => {
    const slots = [...document.querySelectorAll("#rings .slot")];
    const name = chosen();
    const focusable = slots.find((slot) => slot.id === `slot-${name}`) ?? slots[0];
    for (const slot of slots) {
      slot.setAttribute("tabindex", slot === focusable ? "0" : "-1");
      if (slot.id === `slot-${name}`) slot.setAttribute("aria-current", "true");
      else slot.removeAttribute("aria-current");
    }
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#rings .slot, #disc .close");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const url = link.getAttribute("href");
    history.replaceState(null, "", url);
    if (link.matches(".close")) {
      htmx.ajax("GET", url, { target: "#disc", select: "#disc > *", swap: "innerHTML" });
    } else {
      htmx.ajax("GET", url, { target: "#disc", swap: "innerHTML" }).then(() => {
        document.getElementById("disc").scrollIntoView({ block: "nearest" });
      });
    }
  });

  document.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: POSITIONS, ArrowUp: -POSITIONS }[event.key];
    const here = event.target.closest?.("#rings .slot");
    if (!step || !here) return;
    event.preventDefault();
    const slots = [...document.querySelectorAll("#rings .slot")];
    const next = slots[slots.indexOf(here) + step];
    if (!next) return;
    here.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });

  document.addEventListener("htmx:afterSettle", mark);
  mark();
}
