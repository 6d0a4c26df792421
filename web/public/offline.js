// Looks whether the hub answers, and shows the page again where one was: a refresh in the page's head would not, behind a "#".
const everyMs = 3000;

document.querySelector("button")?.addEventListener("click", () => location.reload());
setInterval(async () => {
  const answer = await fetch(new URL(".", import.meta.url), { cache: "no-store" }).catch(() => undefined);
  if (answer?.ok) location.reload();
}, everyMs);
