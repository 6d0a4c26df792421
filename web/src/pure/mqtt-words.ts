import { t } from "../language/t.ts";

/** How MQTT is, as the hub tells administrators. */
export interface MqttState {
  readonly connected: boolean;
  readonly discovery: "auto" | "on" | "off";
  readonly integration: boolean;
}

/** Who shows the hub's devices in Home Assistant, in a sentence or two; `isTwice` where something is to be mended. */
export function mqttWords({ connected, discovery, integration }: MqttState): {
  readonly sentence: string;
  readonly isTwice: boolean;
} {
  const isTwice = discovery === "on" && integration;
  const said = (sentence: string) => ({ sentence, isTwice });
  if (!connected) return said(t("The hub has no connection to its MQTT broker at the moment."));
  if (isTwice) {
    return said(
      t(
        "Home Assistant shows every device twice: by its integration and over MQTT, because mqtt.discovery is on in the configuration. With auto it shows each once.",
      ),
    );
  }
  if (discovery === "off") {
    return said(
      t("Over MQTT Home Assistant is told of no device, because mqtt.discovery is off in the configuration."),
    );
  }
  if (integration) {
    return said(
      t(
        "Home Assistant shows this hub by its integration, so it is not told of the same devices over MQTT. The topics stay. When the integration's token is taken away, MQTT shows the devices again.",
      ),
    );
  }
  return said(
    t("Home Assistant is told of every device over MQTT. Once its integration is paired, that is left to it."),
  );
}
