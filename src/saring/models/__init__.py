"""Models of topics, links and clickbait: features, fitted parameters, scores in plain Python.

    vocabulary, parameters > pair_features, plain_scorer
    tfidf_features > pair_fitting > pipelines

Predicting needs no scikit-learn; the files of the second line are of training.
"""
