"""Staff at the console, as the pages' tests know them."""

from tests.pages.conftest import asha

__all__ = ["asha"]
