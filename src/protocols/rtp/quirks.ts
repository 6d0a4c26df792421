/** What cameras do against the standards, each told to a person once. */
export const quirks = {
  noise: "sends bytes that belong to nothing between its packets: they are passed over",
  numbering: "numbers its answers wrongly: they are taken in the order of the questions",
  redirect: "sends its viewers on to another address of its own",
  "keep-alive": "refuses to be asked whether the session lives: it is asked in another way, and its packets count",
  "keep-alive-hang-up": "hangs up when it is asked whether the session lives: it is asked in another way",
  "hang-up-after-401": "hangs up after it asked for the password: the answer goes out on a new connection",
  "udp-port": "sends from another port than it announced",
  "shared-channel": "sends picture and sound on one channel: they are told apart by their type",
  "early-marker": "marks the end of a picture on each of its pieces",
  "start-codes": "puts start codes into its packets",
  "aggregate-padding": "fills its packets up with bytes that mean nothing",
  "no-key-pictures":
    "sends no key pictures but refreshes its picture piece by piece: it is shown from a clean point on, which takes a while, and converted for browsers, which cannot begin with it",
  "b-pictures":
    "sends B pictures, which browsers cannot show live: it is converted for them, which costs the hub's processor work and some delay; the camera's Baseline profile has none",
  "aac-adts": "sends its sound with ADTS headers in place of those that the standard wants",
  "aac-bare": "sends its sound without the headers that the standard wants",
  "foreign-type": "sends packets of a type that it did not announce",
  "talk-with-picture": "plays its speaker only where the picture is set up too: it is set up and thrown away",
  "talk-alone": "serves one session only: its picture is given up while somebody speaks, and comes back",
  "talk-record": "wants RECORD where the standard says PLAY before it takes speech",
  "talk-udp": "takes speech by UDP only",
  "talk-packets": "plays speech only in blocks of its maker's length: it is cut into these",
  "talk-library": "lists all codecs that its maker's library knows: it is spoken to in plain G.711",
  "unplayable-sound": "sends its sound in a way that cannot be played: set the camera to G.711, AAC or Opus",
} as const;

/** Name of a quirk. */
export type QuirkCode = keyof typeof quirks;
