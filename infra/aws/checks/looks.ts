import type { Looks } from "../../checks/finding";
import type { Asked } from "./asked";
import { lookAtCatalogue } from "./catalogue";
import { lookAtImage } from "./image";
import { lookAtOffering } from "./offering";
import { lookAtPrice } from "./price";
import { lookAtQuota } from "./quota";
import { lookAtReach } from "./reach";
import { lookAtReservation } from "./reservation";

/** What is asked of the account before it pays for machines. */
export const accountLooks = (asked: Asked): Looks => ({
  offering: () => lookAtOffering(asked),
  catalogue: () => lookAtCatalogue(asked),
  quota: () => lookAtQuota(asked),
  reservation: () => lookAtReservation(asked),
  price: () => lookAtPrice(asked),
  image: () => lookAtImage(asked),
  reach: () => lookAtReach(asked),
});
