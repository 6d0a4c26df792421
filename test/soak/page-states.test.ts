// Every state of the page that the screenshots show, in both themes and on four screens: nothing sticks out or is cut, whatever is
// touched is large enough, words over pictures can be read (measured on pixels), and axe-core finds nothing serious.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { faultsOf } from "../../scripts/screenshots/faults.ts";
import { scenes } from "../../scripts/screenshots/scenes.ts";
import { openStudio, type Studio } from "../../scripts/screenshots/studio.ts";

let studio: Studio;

before(async () => {
  studio = await openStudio();
});

after(() => studio[Symbol.asyncDispose]());

for (const scene of scenes) {
  test(scene.name, { timeout: 60_000 }, async () => {
    const found: string[] = [];
    await studio.show(scene, {}, async (shot) => {
      for (const { sort, text } of await faultsOf(shot)) found.push(`${shot.size}, ${shot.theme}: ${sort}: ${text}`);
    });
    assert.deepEqual(found, []);
  });
}
