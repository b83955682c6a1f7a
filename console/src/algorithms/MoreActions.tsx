import { MoreOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session.tsx";
import { PublishDialog } from "../gallery/PublishDialog.tsx";
import { type Algorithm, MAY } from "./queries.ts";
import { useAlgorithmActions } from "./useAlgorithmActions.ts";

/** Everything else that can be done with an algorithm, behind one button. */
export function MoreActions({ algorithm, inRow = false }: { algorithm: Algorithm; inRow?: boolean }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const actions = useAlgorithmActions();
  const [isPublishing, setPublishing] = useState(false);
  const items = [
    ...(inRow && may(MAY.update) ? [{ key: "edit", label: t("common.edit") }] : []),
    ...(may(MAY.create) ? [{ key: "copy", label: t("algorithms.copy") }] : []),
    ...(may(MAY.publish) ? [{ key: "publish", label: t("algorithms.publish") }] : []),
    ...(may(MAY.delete) ? [{ key: "remove", label: t("algorithms.delete"), danger: true }] : []),
  ];
  if (items.length === 0) return null;
  return (
    <>
      <Dropdown
        trigger={["click"]}
        menu={{
          items,
          onClick: ({ key }) => {
            if (key === "publish") setPublishing(true);
            else actions[key as "edit" | "copy" | "remove"](algorithm);
          },
        }}
      >
        <Button
          {...(inRow ? { type: "text" as const, size: "small" as const } : {})}
          icon={<MoreOutlined />}
          aria-label={t("algorithms.actionsOf", { name: algorithm.metadata.name })}
        />
      </Dropdown>
      {isPublishing ? (
        <PublishDialog algorithm={algorithm} item={null} onClose={() => setPublishing(false)} />
      ) : null}
    </>
  );
}
