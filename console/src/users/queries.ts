/** Users and roles of the project. */
import { queryOptions } from "@tanstack/react-query";
import { api, data, inProject, project } from "../api/client.ts";

export const userKeys = {
  all: () => [project(), "users"] as const,
  roles: () => [project(), "roles"] as const,
};

export const usersQuery = (offset: number, limit: number) =>
  queryOptions({
    queryKey: [...userKeys.all(), offset, limit],
    queryFn: async () => {
      const page = await data(
        api.GET("/v1/{project_id}/users", { params: { path: inProject(), query: { offset, limit } } }),
      );
      return { items: page.users, total: page.total };
    },
  });

export const rolesQuery = () =>
  queryOptions({
    queryKey: userKeys.roles(),
    queryFn: async () => {
      const found = await data(api.GET("/v1/{project_id}/roles", { params: { path: inProject() } }));
      return { items: found.roles, total: found.total };
    },
  });
