"""The composition root: settings, providers, activities, workers."""
