"""The names that users rely on."""

import ruralcare as rc


def test_exported_names_are_pinned():
    assert sorted(rc.__all__) == [
        "DownloadError",
        "Fault",
        "InfeasibleError",
        "InputError",
        "Results",
        "RuralCareError",
        "Scenario",
        "TableError",
        "VerificationError",
        "access",
        "check",
        "inputs",
        "need",
        "network",
        "plan",
        "report",
        "run",
    ]
    assert all(hasattr(rc, name) for name in rc.__all__)


def test_every_error_is_a_ruralcare_error_and_a_builtin_where_one_fits():
    assert issubclass(rc.InputError, rc.RuralCareError)
    assert issubclass(rc.InputError, ValueError)
    assert issubclass(rc.DownloadError, OSError)


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert version("ruralcare") == rc.__version__
