"""Tests of the integration: a hub made of aiohttp, and Home Assistant's own test kit."""
