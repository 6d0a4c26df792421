/** How a station says something over MQTT. Nobody hears it while there is no connection. */
export type Publish = (topic: string, payload: string, how: { readonly retain: boolean }) => void;
