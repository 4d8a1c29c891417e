// What the page does by itself: say that the console is away, show ages and local times,
// let go of its stream while nobody looks, switch between light and dark.
"use strict";
{
  const SILENT_AFTER_MS = 20_000;
  const HIDDEN_AFTER_MS = 30_000;
  const offline = document.getElementById("offline");
  let lastNews = Date.now();
  let source = null;
  let hiding = 0;

  const hear = () => {
    lastNews = Date.now();
    offline.hidden = true;
    document.body.classList.remove("is-offline");
  };
  const lose = () => {
    if (!offline.hidden || document.hidden) return;
    document.getElementById("offline-since").textContent = new Date(lastNews).toLocaleTimeString();
    offline.hidden = false;
    document.body.classList.add("is-offline");
  };

  document.addEventListener("htmx:sseOpen", (event) => {
    source = event.detail.source;
    source.addEventListener("pulse", hear);
    hear();
  });
  document.addEventListener("htmx:sseMessage", hear);
  document.addEventListener("htmx:sseError", lose);

  // A browser has few connections to one host: a page that nobody looks at gives its own back.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) {
      hiding = setTimeout(() => source?.close(), HIDDEN_AFTER_MS);
    } else if (source?.readyState === EventSource.CLOSED) {
      lastNews = Date.now();
      source.onerror(new Event("error")); // the extension opens a closed stream again
    }
  });

  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
  const age = (seconds) => {
    if (seconds < 90) return words.format(-seconds, "second");
    if (seconds < 5400) return words.format(-Math.round(seconds / 60), "minute");
    if (seconds < 129600) return words.format(-Math.round(seconds / 3600), "hour");
    return words.format(-Math.round(seconds / 86400), "day");
  };
  const stamp = new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: "medium",
    timeStyle: "short",
  });
  const showTimes = () => {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      const text = time.classList.contains("ago")
        ? age(Math.max(0, Math.round((Date.now() - at) / 1000)))
        : stamp.format(at);
      if (time.textContent !== text) time.textContent = text;
      time.title ||= time.dateTime;
    }
  };
  document.addEventListener("htmx:afterSwap", showTimes);
  showTimes();
  setInterval(() => {
    showTimes();
    if (Date.now() - lastNews > SILENT_AFTER_MS) lose();
  }, 1000);

  document.getElementById("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const isDark = getComputedStyle(root).colorScheme.includes("dark")
      && (root.dataset.theme === "dark" || matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = isDark && root.dataset.theme !== "light" ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
}
