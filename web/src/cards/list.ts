import { cardWords } from "../pure/card-words.ts";
import "./doorward-camera.ts";
import "./doorward-talk.ts";
import "./doorward-call.ts";

/** One line of the list from which people choose a card. */
interface ListedCard {
  readonly type: string;
  readonly name: string;
  readonly description: string;
  readonly preview: boolean;
}

const page = window as unknown as { customCards?: ListedCard[] };
page.customCards ??= [];
for (const [kind, words] of Object.entries(cardWords)) {
  const type = `doorward-${kind}`;
  if (page.customCards.some((card) => card.type === type)) continue;
  page.customCards.push({ type, ...words, preview: kind === "talk" });
}
