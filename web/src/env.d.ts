declare module "*.svg?icon" {
  import type { SVGTemplateResult } from "lit";

  const shapes: SVGTemplateResult;
  export default shapes;
}
declare module "*.css?inline" {
  const text: string;
  export default text;
}
