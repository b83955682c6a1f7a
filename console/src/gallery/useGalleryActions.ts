import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, inProject } from "../api/client.ts";
import { useConfirm } from "../shared/confirm.tsx";
import { useNotice } from "../shared/notice.tsx";
import { type Item, refreshGallery, type Subscription } from "./queries.ts";

/** Subscribing, choosing versions, withdrawing: from lists and from an item's page. */
export function useGalleryActions() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const { done, failed } = useNotice();

  async function told(call: Promise<unknown>, text: string): Promise<void> {
    try {
      await call;
      done(text);
    } catch (error) {
      failed(error);
    }
    await refreshGallery(queries);
  }

  return {
    subscribe: (item: Pick<Item, "id" | "title">, version_id?: string) =>
      told(
        api.POST("/v2/{project_id}/gallery/subscriptions", {
          params: { path: inProject() },
          body: { item_id: item.id, ...(version_id ? { version_id } : {}) },
        }),
        t("gallery.subscribed", { title: item.title }),
      ),
    choose: ({ subscription_id, item }: Subscription, version_id: string) => {
      const number = item.versions?.find((one) => one.id === version_id)?.version_num ?? "";
      return told(
        api.PUT("/v2/{project_id}/gallery/subscriptions/{subscription_id}", {
          params: { path: inProject({ subscription_id }) },
          body: { version_id },
        }),
        t("gallery.chosen", { title: item.title, version: number }),
      );
    },
    unsubscribe: ({ subscription_id, item }: Subscription) =>
      confirm({
        title: t("gallery.unsubscribeTitle", { title: item.title }),
        content: t("gallery.unsubscribeHint"),
        action: t("gallery.unsubscribe"),
        run: async () => {
          await api.DELETE("/v2/{project_id}/gallery/subscriptions/{subscription_id}", {
            params: { path: inProject({ subscription_id }) },
          });
          done(t("gallery.unsubscribed", { title: item.title }));
          await refreshGallery(queries);
        },
      }),
    withdraw: (item: Item) =>
      confirm({
        title: t("gallery.withdrawTitle", { title: item.title }),
        content: t("gallery.withdrawHint", { count: item.version_count }),
        action: t("gallery.withdraw"),
        run: async () => {
          await api.DELETE("/v2/{project_id}/gallery/algorithms/{item_id}", {
            params: { path: inProject({ item_id: item.id }) },
          });
          done(t("gallery.withdrawn", { title: item.title }));
          await navigate("/gallery?tab=own");
          await refreshGallery(queries, item.id);
        },
      }),
  };
}
