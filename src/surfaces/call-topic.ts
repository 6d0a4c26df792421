/** Where it is kept how the calls of a room station stand; `hubId` is `intercom_` and eight hex digits. */
export function stationCallTopic(hubId: string, deviceId: string): string {
  return `doorward/${hubId}/rooms/${deviceId}/call`;
}
