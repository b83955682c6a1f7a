"""What is wrong with users, roles and credentials."""

from trainwright.domain.errors.families import Conflict, Denied, NotFound, Unauthenticated, UserError
from trainwright.domain.texts import Text


class BadSignature(Unauthenticated):
    """The signature of a request does not verify, or its key is unknown, disabled or expired."""

    code = "APIGW.0301"
    text = Text(
        "Incorrect IAM authentication information: verify aksk signature fail: {detail}.",
        "IAM 认证信息错误：AK/SK 签名校验失败：{detail}。",
    )
    remedy = Text(
        "Check the access key, its secret and this computer's clock.",
        "请检查访问密钥、密钥内容以及本机时钟。",
    )


class MalformedAuthorization(Unauthenticated):
    """The `Authorization` header is neither a bearer token nor a complete signature."""

    code = "ModelArts.0206"
    text = Text(
        "The header Authorization is malformed: {detail}.", "请求头 Authorization 格式错误：{detail}。"
    )
    remedy = Text(
        "Send X-Auth-Token: <token>, or sign with an access key.",
        "请发送请求头 X-Auth-Token: <token>，或使用访问密钥签名。",
    )


class BadPassword(Unauthenticated):
    """Wrong account, user or password; which of them is not told."""

    code = "ModelArts.0206"
    text = Text(
        "The account, user name or password is wrong.",
        "账号、用户名或密码错误。",
    )
    remedy = Text(
        "Check them, or ask an administrator for a new password.", "请检查后重试，或联系管理员重置密码。"
    )


class TooManyTries(Denied):
    """Too many failed log-ins for this user in a short time."""

    code = "Trainwright.0601"
    text = Text(
        "Too many failed log-ins; the next is taken in {seconds} seconds.",
        "登录失败次数过多，请 {seconds} 秒后重试。",
    )
    remedy = Text("Wait, then try again.", "请稍后重试。")


class UserNotFound(NotFound):
    """No such user in this project."""

    code = "Trainwright.0602"
    text = Text("User {user} not found.", "用户 {user} 不存在。")
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class DuplicateUserName(UserError):
    """Another user of the project has this name."""

    code = "Trainwright.0603"
    text = Text("A user named {name} exists already.", "名为 {name} 的用户已存在。")
    remedy = Text("Choose another name.", "请更换名称。")


class ProjectNotFound(NotFound):
    """No such project."""

    code = "Trainwright.0604"
    text = Text("Project {project} not found.", "项目 {project} 不存在。")
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class DuplicateProjectName(UserError):
    """Another project has this name."""

    code = "Trainwright.0605"
    text = Text("A project named {name} exists already.", "名为 {name} 的项目已存在。")
    remedy = Text("Choose another name.", "请更换名称。")


class RoleNotFound(NotFound):
    """No such role."""

    code = "Trainwright.0606"
    text = Text("Role {name} not found.", "角色 {name} 不存在。")
    remedy = Text("List the roles to find its name.", "请在角色列表中查找名称。")


class RoleInUse(Conflict):
    """Users or members still have the role, or it is built in."""

    code = "Trainwright.0607"
    text = Text(
        "Role {name} is in use or built in.",
        "角色 {name} 正在使用或为内置角色。",
    )
    remedy = Text("Take it from its users first.", "请先从用户处移除该角色。")


class CredentialNotFound(NotFound):
    """No such token or access key of this user."""

    code = "Trainwright.0608"
    text = Text("Credential {id} not found.", "凭证 {id} 不存在。")
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class TooManyCredentials(UserError):
    """The user has as many credentials as one may have."""

    code = "Trainwright.0609"
    text = Text(
        "The user has {limit} credentials of this kind already.",
        "该用户的此类凭证已达 {limit} 个。",
    )
    remedy = Text("Delete one that is not needed any more.", "请删除不再使用的凭证。")


class LastAdministrator(Conflict):
    """Nobody would be left to rule the project."""

    code = "Trainwright.0610"
    text = Text(
        "{user} is the last enabled administrator.",
        "{user} 是最后一个启用的管理员。",
    )
    remedy = Text("Make another user administrator first.", "请先指定其他管理员。")


class TooManyRoles(UserError):
    """The project has as many roles of its own as one may have."""

    code = "Trainwright.0611"
    text = Text("The project has {limit} roles already.", "该项目的角色已达 {limit} 个。")
    remedy = Text("Delete one that is not needed any more.", "请删除不再使用的角色。")


class BadToken(Unauthenticated):
    """The token somebody wants to sign in with is unknown, disabled or expired; which of them is not told."""

    code = "Trainwright.0612"
    text = Text("This token is not valid.", "令牌无效。")
    remedy = Text(
        "Check that it was copied as a whole, or issue a new one.",
        "请检查令牌是否复制完整，或重新签发。",
    )


class SessionEnded(Unauthenticated):
    """The cookie of the request is of a session that was left, has expired, or was ended by a new password."""

    code = "Trainwright.0613"
    text = Text("The session has ended.", "会话已结束。")
    remedy = Text("Sign in again.", "请重新登录。")


class CrossSiteRequest(Denied):
    """A request with the session's cookie that another site's page may have made."""

    code = "Trainwright.0614"
    text = Text(
        "The request carries the cookie of a session, but does not come from this server's console: {detail}.",
        "请求携带了会话 Cookie，但并非来自本服务器的控制台：{detail}。",
    )
    remedy = Text(
        "Send the X-CSRF-Token that GET /v1/session tells; behind a proxy, the administrator sets public_url.",
        "请携带 GET /v1/session 返回的 X-CSRF-Token；若经过代理访问，请管理员设置 public_url。",
    )


class OneProjectOnly(Denied):
    """The user wants to work in a project that they are no user of."""

    code = "Trainwright.0615"
    text = Text(
        "{user} is a user of project {project} and of no other.",
        "用户 {user} 仅属于项目 {project}。",
    )
    remedy = Text("Sign in as a user of the other project.", "请使用另一项目的用户登录。")
