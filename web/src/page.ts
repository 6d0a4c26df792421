import { install } from "./app/installed.ts";
import { followNotifications, renewNotifications } from "./app/notifications.ts";
import "./screens/dw-app.ts";

install();
followNotifications();
void renewNotifications();
