import { t } from "../language/t.ts";
import { howLong } from "./words.ts";

/** That the picture that stands there is the camera's last one, and how old it is. */
export function sayLast(ageMs: number): string {
  return t("Its last picture, {time} old", { time: howLong(Math.max(1000, ageMs)) });
}
