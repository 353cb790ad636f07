"""The child processes that this program can be, once core/jobs/spawn.py has named them."""

from __future__ import annotations


def run_server(name: str, arguments: list[str]) -> int:
    """Serves until who started it goes away; gives the exit code."""
    # named in full, so that a frozen build takes them along
    if name == "decode-server":
        from core.media.decode_child import main as serve_frames

        return serve_frames(arguments)
    if name == "find-server":
        from core.jobs.mine.find_child import main as find_objects

        return find_objects(arguments)
    if name == "cars-server":
        from core.jobs.render_cars_child import main as render_cars

        return render_cars(arguments)
    if name == "people-server":
        from core.jobs.fit.people.live_child import main as fit_people

        return fit_people(arguments)
    from core.media.live_child import main as serve_stream

    return serve_stream(arguments)
