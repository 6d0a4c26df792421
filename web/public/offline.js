// Looks whether the hub answers, and shows the page again where one was: a refresh in the page's head would not, behind a "#".
const everyMs = 3000;

/** Title, why, button: the page itself, with its catalogues, is where the hub is. */
const sentences = {
  de: [
    "Die Zentrale antwortet nicht",
    "Läuft sie, und sind Sie in ihrem Netz? Diese Seite versucht es von selbst wieder.",
    "Jetzt versuchen",
  ],
  fr: [
    "Le hub ne répond pas",
    "Est-il en marche, et êtes-vous sur son réseau ? Cette page réessaie d’elle-même.",
    "Essayer maintenant",
  ],
  es: [
    "El hub no responde",
    "¿Está en marcha, y está usted en su red? Esta página lo intenta de nuevo sola.",
    "Intentar ahora",
  ],
};

speak();
document.querySelector("button")?.addEventListener("click", () => location.reload());
setInterval(async () => {
  const answer = await fetch(new URL(".", import.meta.url), { cache: "no-store" }).catch(() => undefined);
  if (answer?.ok) location.reload();
}, everyMs);

/** In the language that was chosen, or the first of the browser's that there is. */
function speak() {
  const language = wanted().find((tag) => tag === "en" || Object.hasOwn(sentences, tag));
  const said = sentences[language];
  if (!said) return;
  document.documentElement.lang = language;
  document.title = `Doorward: ${said[0]}`;
  for (const [index, selector] of ["h1", "h1 + p", "button"].entries()) {
    const element = document.querySelector(selector);
    if (element) element.textContent = said[index];
  }
}

function wanted() {
  const browser = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
  try {
    return [JSON.parse(localStorage.getItem("dw-preferences") ?? "{}").language, ...browser];
  } catch {
    return browser;
  }
}
