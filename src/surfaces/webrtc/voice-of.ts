import type { Voice, Voices } from "../../hub/voices.ts";
import type { Viewer } from "../../media/viewer.ts";

/** Makes a WebRTC peer's microphone a voice of the hub: sound is taken from it only while somebody reads the voice. */
export function voiceOf(
  viewer: Pick<Viewer, "onMicrophone">,
  options: { readonly voices: Voices; readonly owner: string; readonly id?: string },
): Voice {
  const { voices, owner, id } = options;
  let listening: Disposable | undefined;
  const voice = voices.open({
    owner,
    ...(id !== undefined && { id }),
    onDemand: (wanted) => {
      listening?.[Symbol.dispose]();
      listening = wanted ? viewer.onMicrophone((frame) => voice.write(frame, frame.lostBefore)) : undefined;
    },
  });
  return voice;
}
