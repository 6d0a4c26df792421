import { install } from "./app/installed.ts";
import "./screens/dw-app.ts";

install();
