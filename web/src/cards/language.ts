import { languageFor, speakLanguage } from "../language/languages.ts";

/** What Home Assistant's page keeps and gives: the language that was chosen in this browser, and the line to it. */
interface HomePage {
  readonly hassConnection?: Promise<{
    readonly conn: { sendMessagePromise<Result>(what: object): Promise<Result> };
  }>;
}

/** Cards are waited for no longer: Home Assistant shows an error in the place of one that is missing for two seconds. */
const longestMs = 1200;

/**
 * Speaks Home Assistant's language from here on: that of the browser where it was chosen, that of its user, or the browser's own. The
 * catalogue stands beside the script, one file a language, with what the cards say and no more.
 */
export async function speakHomesLanguage(script: string): Promise<void> {
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), longestMs));
  const chosen = chosenHere() ?? (await Promise.race([usersLanguage().catch(() => undefined), late]));
  const language = languageFor(chosen === undefined ? navigator.languages : [chosen]);
  const load = async () => {
    const answer = await fetch(script.replace(/\.js(?=$|\?)/, `.${language}.json`));
    if (!answer.ok) throw new Error(`${answer.status}`);
    return (await answer.json()) as unknown;
  };
  await Promise.race([speakLanguage(language, load), late]);
}

function chosenHere(): string | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem("selectedLanguage") ?? "null");
    return typeof kept === "string" ? kept : undefined;
  } catch {
    return undefined;
  }
}

async function usersLanguage(): Promise<string | undefined> {
  const home = await (window as unknown as HomePage).hassConnection;
  const told = await home?.conn.sendMessagePromise<{ readonly value?: { readonly language?: string } | null }>({
    type: "frontend/get_user_data",
    key: "language",
  });
  return told?.value?.language;
}
