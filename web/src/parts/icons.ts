import { html, type SVGTemplateResult, type TemplateResult } from "lit";
import numbers from "lucide-static/icons/activity.svg?icon";
import down from "lucide-static/icons/arrow-down.svg?icon";
import back from "lucide-static/icons/arrow-left.svg?icon";
import forward from "lucide-static/icons/arrow-right.svg?icon";
import up from "lucide-static/icons/arrow-up.svg?icon";
import bellRing from "lucide-static/icons/bell-ring.svg?icon";
import camera from "lucide-static/icons/camera.svg?icon";
import devices from "lucide-static/icons/cctv.svg?icon";
import check from "lucide-static/icons/check.svg?icon";
import help from "lucide-static/icons/circle-question-mark.svg?icon";
import copy from "lucide-static/icons/copy.svg?icon";
import door from "lucide-static/icons/door-open.svg?icon";
import download from "lucide-static/icons/download.svg?icon";
import dots from "lucide-static/icons/ellipsis.svg?icon";
import grip from "lucide-static/icons/grip-vertical.svg?icon";
import hand from "lucide-static/icons/hand.svg?icon";
import history from "lucide-static/icons/history.svg?icon";
import key from "lucide-static/icons/key-round.svg?icon";
import wall from "lucide-static/icons/layout-grid.svg?icon";
import lock from "lucide-static/icons/lock.svg?icon";
import signOut from "lucide-static/icons/log-out.svg?icon";
import full from "lucide-static/icons/maximize.svg?icon";
import menu from "lucide-static/icons/menu.svg?icon";
import mic from "lucide-static/icons/mic.svg?icon";
import micOff from "lucide-static/icons/mic-off.svg?icon";
import minus from "lucide-static/icons/minus.svg?icon";
import moon from "lucide-static/icons/moon.svg?icon";
import turn from "lucide-static/icons/move.svg?icon";
import edit from "lucide-static/icons/pencil.svg?icon";
import phone from "lucide-static/icons/phone.svg?icon";
import hangUp from "lucide-static/icons/phone-off.svg?icon";
import pip from "lucide-static/icons/picture-in-picture-2.svg?icon";
import plus from "lucide-static/icons/plus.svg?icon";
import restart from "lucide-static/icons/rotate-cw.svg?icon";
import events from "lucide-static/icons/scroll-text.svg?icon";
import search from "lucide-static/icons/search.svg?icon";
import cog from "lucide-static/icons/settings.svg?icon";
import certificate from "lucide-static/icons/shield-check.svg?icon";
import siren from "lucide-static/icons/siren.svg?icon";
import speaker from "lucide-static/icons/speaker.svg?icon";
import star from "lucide-static/icons/star.svg?icon";
import trash from "lucide-static/icons/trash-2.svg?icon";
import warn from "lucide-static/icons/triangle-alert.svg?icon";
import people from "lucide-static/icons/users.svg?icon";
import sound from "lucide-static/icons/volume-2.svg?icon";
import soundOff from "lucide-static/icons/volume-x.svg?icon";
import close from "lucide-static/icons/x.svg?icon";

const shapes = {
  back,
  bellRing,
  dots,
  history,
  siren,
  camera,
  certificate,
  check,
  close,
  cog,
  copy,
  devices,
  door,
  down,
  download,
  edit,
  events,
  forward,
  full,
  grip,
  hand,
  hangUp,
  help,
  key,
  lock,
  menu,
  mic,
  micOff,
  minus,
  moon,
  numbers,
  people,
  phone,
  pip,
  plus,
  restart,
  search,
  signOut,
  sound,
  soundOff,
  speaker,
  star,
  trash,
  turn,
  up,
  wall,
  warn,
} satisfies Record<string, SVGTemplateResult>;

/** Name of one of the page's pictures (Lucide). */
export type IconName = keyof typeof shapes;

/** An icon, silent to screen readers: the label stands beside it or on its button. */
export function icon(name: IconName): TemplateResult {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true">${shapes[name]}</svg>`;
}
