import "./screens/dw-app.ts";
