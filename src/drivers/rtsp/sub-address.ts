/** How a maker names its large and its small picture: what of an address is changed, and into what. */
interface PathPair {
  readonly maker: string;
  readonly large: RegExp;
  readonly small: string;
}

/** Paths, with their query, of makers whose two pictures differ by one word or number. */
const pairs: readonly PathPair[] = [
  { maker: "Hikvision", large: /(\/Streaming\/(?:tracks|channels)\/\d+)01(?=$|[/?])/i, small: "$102" },
  { maker: "Hikvision, older", large: /(\/h26[45]\/ch\d+\/)main(?=\/)/i, small: "$1sub" },
  { maker: "Dahua, Amcrest, Lorex", large: /(\/cam\/realmonitor\?(?:.*&)?subtype=)0(?=$|&)/i, small: "$11" },
  { maker: "Reolink", large: /(\/(?:h26[45])?Preview_\d+_)main(?=$|[/?])/i, small: "$1sub" },
  { maker: "Reolink, by its channel", large: /(\/bcs\/channel\d+_)main(?=\.)/i, small: "$1sub" },
  { maker: "TP-Link Tapo, VIGI", large: /(\/stream)1(?=$|[/?])/i, small: "$12" },
  { maker: "Yoosee, Gwell", large: /(\/onvif)1(?=$|[/?])/i, small: "$12" },
  { maker: "Foscam", large: /(\/video)Main(?=$|[/?])/i, small: "$1Sub" },
  { maker: "Uniview", large: /(\/unicast\/c\d+\/s)0(?=\/live)/i, small: "$11" },
  { maker: "Uniview, Sony", large: /(\/media\/video)1(?=$|[/?])/i, small: "$12" },
  { maker: "XMEye", large: /(\/user=.*channel=\d+_stream=|\/.*[?&]channel=\d+&stream=)0(?=$|[.&?])/i, small: "$11" },
  { maker: "Hi3510 and kin", large: /^\/(1)1(?=$|[/?])/, small: "/$12" },
  { maker: "TVT", large: /(\/profile)1(?=$|[/?])/i, small: "$12" },
  { maker: "Vivotek", large: /(\/live)\.sdp(?=$|\?)/i, small: "$12.sdp" },
  { maker: "Ubiquiti, older; Milesight", large: /\/main(?=$|[/?])/i, small: "/sub" },
  { maker: "Thingino, Ingenic", large: /(\/ch)0(?=$|[/?])/i, small: "$11" },
  { maker: "cameras of the Yi kind", large: /(\/ch\d+_)0(?=$|[./?])/i, small: "$11" },
  { maker: "cameras with av0_0", large: /(\/av\d+_)0(?=$|[/?])/i, small: "$11" },
  { maker: "ACTi, Tenvis", large: /(\/live\/ch\d+_)0(?=$|[/?])/i, small: "$11" },
];

/** The address of a camera's small picture by its setting: a path or an address. */
export function subAddress(main: string, sub: string): string {
  if (!sub.startsWith("/")) return sub;
  const at = /^(rtsps?:\/\/[^/?#]*)/i.exec(main)?.[1] ?? main;
  return `${at}${sub}`;
}

/** Where the small picture of a camera with this address would be by its maker's habit; undefined for an unknown one. */
export function guessedSub(main: string): string | undefined {
  const [, at = "", path = ""] = /^(rtsps?:\/\/[^/?#]*)(.*)$/i.exec(main) ?? [];
  const pair = pairs.find(({ large }) => large.test(path));
  return pair && `${at}${path.replace(pair.large, pair.small)}`;
}
