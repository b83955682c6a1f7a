import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { bytes } from "../../shared/format.ts";
import { Problem } from "../../shared/Problem.tsx";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Wrong } from "../Field.tsx";
import { fitsFlavor } from "../form/terms.ts";
import type { Flavor } from "../queries.ts";
import { useCapacity } from "./useCapacity.ts";

const MIB = 1024 ** 2;

/** The sizes of nodes to choose from, each with how many are free now. */
export function FlavorCards() {
  const { t } = useTranslation();
  const { form, set, terms } = useForm();
  const capacity = useCapacity();
  if (capacity.error && capacity.flavors.length === 0) return <Problem error={capacity.error} />;
  const isKnown = capacity.flavors.some(({ flavor }) => flavor.id === form.flavor);
  return (
    <div className={styles.sub} data-path="spec.resource.flavor_id">
      <fieldset className={styles.flavors}>
        <legend className={styles.label} style={{ marginBottom: 4 }}>
          {t("create.resources.flavor")}
        </legend>
        {capacity.flavors.map(({ flavor, free }) => {
          const fits = fitsFlavor(terms, flavor);
          return (
            <label key={flavor.id} className={styles.flavor}>
              <input
                type="radio"
                name="flavor"
                value={flavor.id}
                disabled={!fits}
                checked={flavor.id === form.flavor || flavor.aliases.includes(form.flavor)}
                onChange={() => set({ flavor: flavor.id })}
              />
              <span className={styles.flavorName}>
                {flavor.id}
                <span className={styles.flavorType}>{flavor.type}</span>
              </span>
              <span className={styles.hint}>{sizeOf(flavor, t)}</span>
              {fits ? (
                <span className={styles.flavorFree} data-none={free === 0 || undefined}>
                  {free === null
                    ? "\u00a0"
                    : free === 0
                      ? t("create.resources.noneFree")
                      : t("create.resources.free", { count: free })}
                </span>
              ) : (
                <span className={styles.hint}>{t("create.resources.notForAlgorithm")}</span>
              )}
            </label>
          );
        })}
      </fieldset>
      {!isKnown &&
      form.flavor &&
      !capacity.isPending &&
      !capacity.flavors.some(({ flavor }) => flavor.aliases.includes(form.flavor)) ? (
        <p className={styles.hint}>{t("create.resources.otherFlavor", { flavor: form.flavor })}</p>
      ) : null}
      <Wrong paths={["spec.resource.flavor_id"]} />
    </div>
  );
}

/** What one node has, in a line. */
function sizeOf(flavor: Flavor, t: TFunction): string {
  const cards = flavor.cards > 0 ? `${flavor.cards} × ${flavor.product || flavor.type}` : "";
  return [
    cards && flavor.cardMemory ? `${cards} ${flavor.cardMemory}` : cards,
    t("create.resources.cpus", { count: flavor.cpus }),
    bytes(flavor.memory * MIB),
  ]
    .filter(Boolean)
    .join(" · ");
}
