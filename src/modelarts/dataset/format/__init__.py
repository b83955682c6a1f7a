"""File formats of labelled data: manifests, Pascal VOC."""
