import { arrivalContract } from "../../test/contracts/arrivals.ts";
import { startArrivingFake } from "../../test/contracts/arriving-fake.ts";

arrivalContract("whip", (house) => startArrivingFake("whip", house));
