import { codecString } from "../../codecs/codec-string.ts";
import type { ConvertedPictures, ShownPicture } from "../../hub/converted-pictures.ts";
import type { VideoFormat } from "../../media/format.ts";
import { type WhyConverted, whyConverted } from "../../media/showable.ts";
import type { Track } from "../../media/track.ts";
import { FatalError } from "../../util/errors.ts";

/** In which form one viewer is shown pictures. */
export interface Forms {
  /** Whether it depends on the order in which pictures are shown if they can be shown as they come. */
  readonly orderMatters: boolean;
  /** Whether it can show a picture as it comes. */
  fits(source: Track): boolean;
  /** Throws FatalError `codec-unsupported` for one that it cannot be shown; the field `reason` says why. */
  show(source: Track): ShownPicture;
}

/** As WebRTC shows them by this offer; what it cannot show is converted. */
export function webRtcForms(pictures: Pick<ConvertedPictures, "show">, offerSdp: string): Forms {
  return {
    orderMatters: true,
    fits: ({ format }) => whyConverted(format as VideoFormat, offerSdp) === undefined,
    show: (source) => pictures.show(source, offerSdp),
  };
}

/**
 * The same for whoever may decode pictures by itself: it is told which one it would be (FatalError `decodable`), instead
 * of being shown a converted one.
 */
export function askedForms(pictures: Pick<ConvertedPictures, "show">, offerSdp: string): Forms {
  const forms = webRtcForms(pictures, offerSdp);
  return {
    ...forms,
    show: (source) => {
      const format = source.format as VideoFormat;
      const why = whyConverted(format, offerSdp);
      if (why === undefined || why === "no-keys" || format.withoutKeys) return forms.show(source);
      throw new FatalError("this picture is for who decodes it", {
        code: "decodable",
        fields: { codec: format.codec, why, picture: codecString(format) },
      });
    },
  };
}

/** As they come, for whoever decodes them by itself: which takes a picture to begin with. */
export const asTheyCome: Forms = {
  orderMatters: false,
  fits: ({ format }) => !(format as VideoFormat).withoutKeys,
  show: (source) => {
    const { codec, withoutKeys } = source.format as VideoFormat;
    const why: WhyConverted = "no-keys";
    if (withoutKeys)
      throw new FatalError("this picture is never whole", {
        code: "codec-unsupported",
        fields: { codec, why, reason: "no-keys" },
      });
    return { track: source, conversion: undefined, [Symbol.dispose]: () => {} };
  },
};
