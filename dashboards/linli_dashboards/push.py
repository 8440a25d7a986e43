"""Send dashboards to a Grafana server."""

from linli_dashboards.panels import Json
from linli_settings import redact


class PushError(Exception):
    """Grafana did not take a dashboard; the message names the address and its answer."""


def push(url: str, token: str, dashboards: list[Json]) -> list[str]:
    """Create or replace ``dashboards`` at ``url`` and return the paths of their pages.

    Raises:
        PushError: Grafana cannot be reached or refuses.
    """
    # Loaded here: building a dashboard needs no HTTP client.
    from grafana_client import GrafanaApi
    from grafana_client.client import GrafanaException
    from niquests.exceptions import RequestException

    grafana = GrafanaApi.from_url(url, credential=token)
    try:
        answers = [
            grafana.dashboard.update_dashboard(
                {"dashboard": dashboard, "overwrite": True, "message": "linli"}
            )
            for dashboard in dashboards
        ]
    except (GrafanaException, RequestException) as error:
        raise PushError(redact(f"{url}: {error}")) from error
    return [str(answer["url"]) for answer in answers]
